/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Stands in for EDK2's header where that is not installed: what the example uses of it. */
#ifndef STAND_IN_LIBRARY_UEFILIB_H
#define STAND_IN_LIBRARY_UEFILIB_H

UINTN EFIAPI Print (CONST CHAR16 *Format, ...);

#endif
