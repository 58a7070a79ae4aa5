/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Part of hv_decode.h: the one function, and what it is made of. */

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
