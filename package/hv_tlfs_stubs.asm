; SPDX-License-Identifier: BSD-2-Clause OR MIT
; hv_tlfs_stubs.S for nasm, which see: hv_stub_call() and room for the hypercall page.
; nasm -f elf64, elf32, win64 or win32.

%ifidn __OUTPUT_FORMAT__, win32
%define STUB_CALL _hv_stub_call
%else
%define STUB_CALL hv_stub_call
%endif

	section .text align=4096
	global STUB_CALL
	global hv_hypercall_page

; Until the hypervisor overlays it, a call of the page is a breakpoint.
hv_hypercall_page:
	times 4096 db 0xcc

; In 64 bits, 40 bytes: shadow space for the page, and alignment.
STUB_CALL:
%ifidn __OUTPUT_FORMAT__, win64
	; Microsoft's convention, but for the page in front: move up by one.
	mov rax, rcx
	mov rcx, rdx
	mov rdx, r8
	mov r8, r9
	sub rsp, 40
	call rax
	add rsp, 40
	ret
%elifidn __OUTPUT_FORMAT__, elf64
	; page RDI, control RSI, in_gpa RDX, out_gpa RCX; RDX is in place.
	mov r8, rcx
	mov rcx, rsi
	sub rsp, 40
	call rdi
	add rsp, 40
	ret
%else
	; control EDX:EAX, in_gpa EBX:ECX, out_gpa EDI:ESI; the result is EDX:EAX, as C has it.
	push ebp
	mov ebp, esp
	push ebx
	push esi
	push edi
	mov eax, [ebp + 12]
	mov edx, [ebp + 16]
	mov ecx, [ebp + 20]
	mov ebx, [ebp + 24]
	mov esi, [ebp + 28]
	mov edi, [ebp + 32]
	call [ebp + 8]
	mov ebx, [ebp - 4]
	mov esi, [ebp - 8]
	mov edi, [ebp - 12]
	leave
	ret
%endif

%ifidn __OUTPUT_FORMAT__, elf64
	section .note.GNU-stack noalloc noexec nowrite progbits
%elifidn __OUTPUT_FORMAT__, elf32
	section .note.GNU-stack noalloc noexec nowrite progbits
%endif
