/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Stands in for EDK2's header where that is not installed: what the example uses of it. */
#ifndef STAND_IN_UEFI_H
#define STAND_IN_UEFI_H

#define IN
#define CONST const
#define STATIC static
#define EFIAPI __attribute__((__ms_abi__))

typedef void VOID;
typedef unsigned long long UINTN;
typedef unsigned short CHAR16;
typedef UINTN EFI_STATUS;
typedef VOID *EFI_HANDLE;
typedef struct efi_system_table EFI_SYSTEM_TABLE;

#define EFI_SUCCESS 0
#define EFI_UNSUPPORTED 0x8000000000000003ull

EFI_STATUS EFIAPI UefiMain (EFI_HANDLE ImageHandle, EFI_SYSTEM_TABLE *SystemTable);

#endif
