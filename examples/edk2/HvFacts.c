/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* A UEFI application that prints facts of the hypervisor beneath. */
#include <Uefi.h>
#include <Library/UefiLib.h>

#include "hv_tlfs.h"

STATIC
VOID
PrintClocks (
  IN CONST struct hv_detected  *Detected
  )
{
  hv_u64  Tsc;
  hv_u64  Apic;

  if (hv_frequencies (Detected, &Tsc, &Apic)) {
    Print (L"TSC %lu Hz, APIC timer %lu Hz\n", Tsc, Apic);
  }

  if (hv_has_privilege_access_partition_reference_counter (Detected)) {
    Print (L"Reference time %lu00 ns\n", hv_rdmsr (HV_X64_MSR_TIME_REF_COUNT));
  }
}

EFI_STATUS
EFIAPI
UefiMain (
  IN EFI_HANDLE        ImageHandle,
  IN EFI_SYSTEM_TABLE  *SystemTable
  )
{
  struct hv_detected  Detected;

  if (!hv_detect (&Detected)) {
    Print (L"There is no hypervisor interface.\n");
    return EFI_UNSUPPORTED;
  }

  Print (L"Hypervisor %a\n", Detected.vendor);
  PrintClocks (&Detected);
  return EFI_SUCCESS;
}
