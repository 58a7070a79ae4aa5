/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Words of the interface as text, for traces and debuggers: include it in one C file. Generated
 * by hvgen from the specification: edit that.
 */
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

static const char hv_decode_names[] =
	"\0"
	"HvCallSweep\0"
	"HvCallAsk\0"
	"HvCallLater\0"
	"HV_STATUS_SUCCESS\0"
	"HV_STATUS_TIME_OUT\0"
	"HV_STATUS_INVALID_HYPERCALL_CODE\0"
	"HV_STATUS_INVALID_HYPERCALL_INPUT\0"
	"HV_STATUS_INVALID_ALIGNMENT\0"
	"HV_STATUS_ACCESS_DENIED\0"
	"HV_STATUS_INVALID_PARAMETER\0"
	"code\0"
	"fast\0"
	"variable_header_qwords\0"
	"nested\0"
	"rep_count\0"
	"rep_start\0"
	"control\0"
	"call_status\0"
	"elements_processed\0"
	"result\0"
	"enable\0"
	"locked\0"
	"gpfn\0"
	"HV_X64_MSR_PAGE\0"
	"registers\0"
	"features\0";

static const struct hv_decode_name hv_decode_calls[] = {
	{ 0x0003, 1 },
	{ 0x0004, 13 },
	{ 0x0005, 23 },
	{ 0, 0 },
};

static const struct hv_decode_name hv_decode_statuses[] = {
	{ 0x0000, 35 },
	{ 0x0078, 53 },
	{ 0x0002, 72 },
	{ 0x0003, 105 },
	{ 0x0004, 139 },
	{ 0x0006, 167 },
	{ 0x0005, 191 },
	{ 0, 0 },
};

static const struct hv_decode_word hv_decode_words[] = {
	{ 0, 0x00000000, 0, 0, 1, 279, 0, 9 },
	{ 1, 0x00000000, 0, 0, 1, 318, 9, 4 },
	{ 2, 0x40000001, 0, 0, 1, 344, 13, 4 },
	{ 3, 0x40000003, 0, 0, 1, 370, 17, 3 },
	{ 0, 0, 0, 0, 0, 0, 0, 0 },
};

static const struct hv_decode_part hv_decode_parts[] = {
	{ 15, 0, 3, 219 },
	{ 16, 16, 0, 224 },
	{ 26, 17, 0, 229 },
	{ 30, 27, 1, 0 },
	{ 31, 31, 0, 252 },
	{ 43, 32, 0, 259 },
	{ 47, 44, 1, 0 },
	{ 59, 48, 0, 269 },
	{ 63, 60, 1, 0 },
	{ 15, 0, 4, 287 },
	{ 31, 16, 2, 0 },
	{ 43, 32, 0, 299 },
	{ 63, 44, 2, 0 },
	{ 0, 0, 0, 325 },
	{ 1, 1, 0, 332 },
	{ 11, 2, 1, 0 },
	{ 63, 12, 0, 339 },
	{ 4, 0, 1, 0 },
	{ 5, 5, 0, 360 },
	{ 31, 6, 1, 0 },
	{ 0, 0, 0, 0 },
};

/* Where the text goes; length counts what does not fit, too. */
struct hv_decode_text {
	char *to;
	unsigned size, length;
};

HV_DECODE_API void hv_decode_char(struct hv_decode_text *t, char c)
{
	if (t->length + 1 < t->size)
		t->to[t->length] = c;
	t->length++;
}

HV_DECODE_API void hv_decode_put(struct hv_decode_text *t, const char *text)
{
	while (*text)
		hv_decode_char(t, *text++);
}

HV_DECODE_API void hv_decode_hex(struct hv_decode_text *t, unsigned long long value)
{
	unsigned digits = 1;

	while (digits < 16 && value >> (4 * digits))
		digits++;
	hv_decode_put(t, "0x");
	while (digits--)
		hv_decode_char(t, "0123456789abcdef"[value >> (4 * digits) & 0xf]);
}

HV_DECODE_API void hv_decode_decimal(struct hv_decode_text *t, unsigned value)
{
	if (value >= 10)
		hv_decode_decimal(t, value / 10);
	hv_decode_char(t, "0123456789"[value % 10]);
}

/* The name of a call or a status, or what it is and its number. */
HV_DECODE_API void hv_decode_named(struct hv_decode_text *t, const struct hv_decode_name *list,
				   const char *what, unsigned number)
{
	for (; list->name; list++) {
		if (list->number != number)
			continue;
		hv_decode_put(t, &hv_decode_names[list->name]);
		return;
	}
	hv_decode_put(t, what);
	hv_decode_char(t, ' ');
	hv_decode_hex(t, number);
}

/* Returns how many parts are shown: one more than before, or as many. */
HV_DECODE_API unsigned hv_decode_show_part(struct hv_decode_text *t, const struct hv_decode_part *p,
					   unsigned long long value, unsigned shown)
{
	unsigned width = p->high - p->low + 1u;

	if (p->what == HV_DECODE_SILENT || (!value && p->what <= HV_DECODE_RESERVED))
		return shown;
	hv_decode_put(t, shown ? " " : ": ");
	if (p->what == HV_DECODE_CALL) {
		hv_decode_named(t, hv_decode_calls, "call", (unsigned)value);
	} else if (p->what == HV_DECODE_STATUS) {
		hv_decode_named(t, hv_decode_statuses, "status", (unsigned)value);
	} else {
		hv_decode_put(t, p->name ? &hv_decode_names[p->name] : "reserved");
		if (!p->name) {
			hv_decode_char(t, '[');
			hv_decode_decimal(t, p->high);
			hv_decode_char(t, ':');
			hv_decode_decimal(t, p->low);
			hv_decode_char(t, ']');
		}
		if (width > 1) {
			hv_decode_char(t, '=');
			hv_decode_hex(t, value);
		}
	}
	return shown + 1;
}

HV_DECODE_API const struct hv_decode_word *hv_decode_find(unsigned kind, unsigned number,
							  unsigned reg, unsigned *index)
{
	const struct hv_decode_word *w = hv_decode_words;

	for (; w->count; w++) {
		unsigned distance = number - w->number;

		*index = w->stride ? distance / w->stride : 0;
		if (w->kind == kind && w->reg == reg && *index < w->count &&
		    distance == *index * w->stride)
			return w;
	}
	return 0;
}

/* The name of the word and what it holds as a number. */
HV_DECODE_API void hv_decode_head(struct hv_decode_text *t, const struct hv_decode_word *w,
				  unsigned kind, unsigned number, unsigned reg, unsigned index)
{
	static const char registers[] = "EAX\0EBX\0ECX\0EDX";

	if (kind == HV_DECODE_CPUID) {
		hv_decode_put(t, "CPUID ");
		hv_decode_hex(t, number);
		hv_decode_char(t, ' ');
		hv_decode_put(t, &registers[4 * (reg & 3)]);
	} else if (w) {
		hv_decode_put(t, &hv_decode_names[w->name]);
		if (w->stride)
			hv_decode_decimal(t, index);
	} else {
		hv_decode_put(t, kind == HV_DECODE_MSR ? "MSR " : "word ");
		hv_decode_hex(t, number);
	}
}

/*
 * Write on one line what a word means: its name, its value, and the parts that are not zero. At
 * most `size` bytes are written, the NUL that ends them included; returns the length of the whole
 * text without it. `number` and `reg` are 0 where the kind has none. Allocates and needs nothing.
 */
HV_DECODE_API unsigned hv_decode(char *to, unsigned size, unsigned kind, unsigned number,
				 unsigned reg, unsigned long long value)
{
	struct hv_decode_text t;
	unsigned index = 0, shown = 0, i;
	const struct hv_decode_word *w = hv_decode_find(kind, number, reg, &index);

	t.to = to;
	t.size = size;
	t.length = 0;
	hv_decode_head(&t, w, kind, number, reg, index);
	hv_decode_put(&t, " = ");
	hv_decode_hex(&t, value);
	for (i = 0; w && i < w->parts; i++) {
		const struct hv_decode_part *p = &hv_decode_parts[w->first + i];
		unsigned width = p->high - p->low + 1u;
		unsigned long long mask = width < 64 ? ((unsigned long long)1 << width) - 1
						     : ~(unsigned long long)0;

		shown = hv_decode_show_part(&t, p, value >> p->low & mask, shown);
	}
	if (size)
		to[t.length < size ? t.length : size - 1] = 0;
	return t.length;
}

#endif
