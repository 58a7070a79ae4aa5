/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Part of hv_decode.h: what its tables are made of. */

#ifndef HV_DECODE_H
#define HV_DECODE_H

#ifdef __GNUC__
#define HV_DECODE_API static __attribute__((__unused__))
#else
#define HV_DECODE_API static
#endif

/* What a word is. */
#define HV_DECODE_CONTROL 0 /* the control word of a hypercall */
#define HV_DECODE_RESULT 1  /* what a hypercall answered */
#define HV_DECODE_MSR 2     /* the value of the MSR `number` */
#define HV_DECODE_CPUID 3   /* register `reg` of leaf `number`: EAX, EBX, ECX, EDX are 0 to 3 */

/* Names are places in hv_decode_names, so that the tables need no relocation. */
struct hv_decode_name {
	unsigned number;
	unsigned name;
};

/* A word that is known, and where its parts begin; a family of MSRs counts for one. */
struct hv_decode_word {
	unsigned kind, number, reg, stride, count;
	unsigned name, first, parts;
};

#define HV_DECODE_PART 0     /* shown when it is not zero */
#define HV_DECODE_RESERVED 1 /* must be zero: shown as reserved when it is not */
#define HV_DECODE_SILENT 2   /* ignored or preserved: never shown */
#define HV_DECODE_CALL 3     /* shown as the name of a hypercall */
#define HV_DECODE_STATUS 4   /* shown as the name of a status */

struct hv_decode_part {
	unsigned char high, low, what;
	unsigned name;
};

