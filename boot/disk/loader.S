/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Boots a disk image that boot/run composed: loads pieces where a table says, then enters a multiboot1 kernel. */

/*
 * Disk: sectors 0 to 7 this program, sector 8 the table, then the pieces, each starting on a sector of its own.
 * Table: u32 entry point, u32 number of pieces, then per piece u32 address, u32 first sector, u32 sectors. One of the
 * pieces is the multiboot information, complete but for the memory map, which only the firmware knows.
 */
#define BUFFER 0x20000      /* where the firmware reads to, below 1 MiB */
#define CHUNK 64            /* sectors read at once */
#define TABLE 0x8c00
#define INFO 0x30000        /* multiboot information */
#define MMAP 0x38000        /* memory map behind it */
#define INFO_MMAP_LENGTH 44
#define MAGIC 0x2badb002

	.code16
	.globl	_start
_start:
	cli
	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movw	$0x7c00, %sp
	ljmp	$0, $1f
1:	sti
	cld
	movb	%dl, drive
	inb	$0x92, %al              /* address line 20 on */
	orb	$2, %al
	andb	$0xfe, %al
	outb	%al, $0x92
	movw	$packet_rest, %si       /* the rest of this program and the table */
	call	read_packet
	jmp	main

/* Read what the packet at SI asks for; never returns on an error. */
read_packet:
	movb	$0x42, %ah
	movb	drive, %dl
	int	$0x13
	jc	failed
	ret

failed:
	movw	$message, %si
1:	lodsb
	testb	%al, %al
	jz	2f
	outb	%al, $0xe9              /* Bochs prints what arrives at this port */
	jmp	1b
2:	hlt
	jmp	2b

drive:	.byte 0
message: .asciz "boot/disk: cannot read the disk\n"
	.balign 4
packet_rest:
	.byte	16, 0
	.word	8, 0x7e00, 0
	.quad	1
packet:
	.byte	16, 0
	.word	CHUNK, 0, BUFFER >> 4
packet_sector:
	.quad	0

	.org	510
	.word	0xaa55

main:
	call	memory_map
	movl	TABLE + 4, %ebp         /* pieces left */
	movw	$TABLE + 8, %bx
1:	testl	%ebp, %ebp
	jz	enter
	movl	0(%bx), %edi            /* destination */
	movl	4(%bx), %eax
	movl	%eax, packet_sector
	movl	8(%bx), %edx            /* sectors left */
2:	pushl	%edx
	pushw	%bx
	pushl	%edi
	pushl	%ebp
	movw	$packet, %si
	call	read_packet
	popl	%ebp
	popl	%edi
	popw	%bx
	call	copy_up
	popl	%edx
	addl	$CHUNK, packet_sector
	subl	$CHUNK, %edx
	ja	2b
	addw	$12, %bx
	decl	%ebp
	jmp	1b

/* Copy one chunk from the buffer to EDI, which advances. A table's pieces are whole chunks. */
copy_up:
	cli
	lgdtl	gdt_pointer
	movl	%cr0, %eax
	orb	$1, %al
	movl	%eax, %cr0
	ljmp	$0x08, $1f
	.code32
1:	movw	$0x10, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movl	$BUFFER, %esi
	movl	$CHUNK * 512 / 4, %ecx
	rep movsl
	ljmp	$0x18, $2f
	.code16
2:	movw	$0x20, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movl	%cr0, %eax
	andb	$0xfe, %al
	movl	%eax, %cr0
	ljmp	$0, $3f
3:	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %es
	sti
	ret

/* Ask the firmware for the memory map: each entry is its size (20) and what E820 gives. */
memory_map:
	movw	$MMAP >> 4, %ax
	movw	%ax, %es
	xorw	%di, %di
	xorl	%ebx, %ebx
1:	movl	$20, %es:(%di)
	addw	$4, %di
	movl	$0xe820, %eax
	movl	$0x534d4150, %edx
	movl	$20, %ecx
	int	$0x15
	jc	2f
	addw	$20, %di
	testl	%ebx, %ebx
	jnz	1b
	jmp	3f
2:	subw	$4, %di
3:	movzwl	%di, %edi
	movl	%edi, mmap_length
	xorw	%ax, %ax
	movw	%ax, %es
	ret

/* COM1 as other loaders leave it, 115200 8n1: not every small kernel sets it up. */
set_up_com1:
	movw	$com1, %si
	movw	$COM1_WRITES, %cx
	movb	$3, %dh                 /* ports 0x3f8 to 0x3ff */
1:	lodsw
	movb	%al, %dl
	movb	%ah, %al
	outb	%al, %dx
	loop	1b
	ret
com1:	.byte	0xfb, 0x83, 0xf8, 1, 0xf9, 0, 0xfb, 0x03 /* divisor 1, then the format */
	.equ	COM1_WRITES, (. - com1) / 2

enter:
	call	set_up_com1
	cli
	lgdtl	gdt_pointer
	movl	%cr0, %eax
	orb	$1, %al
	movl	%eax, %cr0
	ljmp	$0x08, $1f
	.code32
1:	movw	$0x10, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movw	%ax, %fs
	movw	%ax, %gs
	movl	mmap_length, %eax
	movl	%eax, INFO + INFO_MMAP_LENGTH
	movl	TABLE, %ecx
	movl	$INFO, %ebx
	movl	$MAGIC, %eax
	jmp	*%ecx

	.balign	8
gdt:	.quad	0
	.quad	0x00cf9a000000ffff      /* 08: 32-bit code */
	.quad	0x00cf92000000ffff      /* 10: 32-bit data */
	.quad	0x00009a000000ffff      /* 18: 16-bit code */
	.quad	0x000092000000ffff      /* 20: 16-bit data */
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt
mmap_length: .long 0

	.org	8 * 512
