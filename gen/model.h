/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The specification as data: what is parsed, resolved and checked, and what the outputs print. */
#ifndef GEN_MODEL_H
#define GEN_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Every list is singly linked through `next` and in declaration order (files in the order of their
 * first `include`). Every item knows where it was written. Strings and items live as long as the
 * spec; nobody frees them one by one. A pointer commented "resolved" is set by spec_check(); it is
 * never NULL in a spec that passed.
 */

enum {
	SPEC_PAGE = 4096,      /* bytes an input or an output block may take */
	SPEC_FAST_BYTES = 16,  /* two general registers */
	SPEC_XMM_BYTES = 112,  /* and six XMM registers */
};

/* Where synthetic MSRs and the hypervisor's CPUID leaves lie. */
#define MSR_FIRST 0x40000000u
#define MSR_LAST 0x40001fffu
#define LEAF_FIRST 0x40000000u
#define LEAF_LAST 0x400000ffu

/* Put an item at the end of a list. */
#define APPEND(list, item) do { \
	__typeof__(&(list)) end_ = &(list); \
	while (*end_) \
		end_ = &(*end_)->next; \
	*end_ = (item); \
} while (0)

/* A place in a source: line and column from 1, columns in bytes; `length` is underlined. */
struct pos {
	const struct source *source;
	unsigned line, column, length;
};

/* One text file: `size` bytes and a NUL after them; `name` is the path as people see it. */
struct source {
	struct source *next;
	const char *name;
	const char *text;
	size_t size;
	const char *title;             /* as a chapter, of the first include; or NULL */
	unsigned index;                /* order of first inclusion, for sorting diagnostics */
	uint64_t device, inode;        /* two paths of one file agree in these; 0 in memory */
	const struct source *includer; /* NULL for the front door */
	struct pos included_at;
};

/* A name as it was written somewhere, before anything knows what it refers to. */
struct name {
	const char *text;
	struct pos at;
};

struct name_list {
	struct name_list *next;
	struct name name;
};

/* `low..high` as written; both ends belong to it. */
struct range {
	uint64_t low, high;
	struct pos at;
};

/* ---- what can be said about any item ---- */

enum mark_kind { MARK_OBSERVED, MARK_ERRATUM, MARK_DISPUTED, MARK_OURS, MARK_COUNT };

struct mark {
	struct mark *next;
	enum mark_kind kind;
	const char *reason;    /* never empty */
	struct pos at;
};

/* Hypervisors whose sources tell what they have. */
enum seen_in { SEEN_KVM, SEEN_XEN, SEEN_OPENVMM, SEEN_COUNT };

struct seen {
	struct seen *next;
	enum seen_in who;
	const char *how;       /* "": without reserve */
	struct pos at;
};

enum arch { ARCH_X64 = 1, ARCH_ARM64 = 2, ARCH_ALL = 3 };

struct about {
	const char *doc;           /* of the `///` lines, joined by newlines; "": none */
	struct name_list *refs;    /* pages or sections of the TLFS */
	const char *since;         /* edition, or NULL */
	struct mark *marks;        /* empty: architectural */
	struct seen *seen;         /* other hypervisors that have it, each at most once */
	const char *unimplemented; /* the reason, or NULL */
	const char *named;         /* as written after `named`, or NULL; items have their own */
	unsigned arch;             /* set of enum arch */
	struct offer_use *offered; /* of a line: the bits that tell of it; a call has its own */
	struct name_list *formerly; /* names it had in earlier versions */
	bool broken;               /* the body was not read to its end: only the name counts */
};

/* ---- statuses ---- */

struct status {
	struct status *next;
	const char *name;      /* "invalid_parameter"; "UD" and "GP" for the two faults below */
	struct pos at;
	struct about about;
	uint16_t value;
	bool used;
	bool shared;           /* published; no call need use it */
};

/* What a rule yields instead of a status: SPEC_FAULT_UD and SPEC_FAULT_GP of the generated code. */
extern const struct status status_ud;  /* 0xffff */
extern const struct status status_gp;  /* 0xfffe */

/* True for the two faults, which are no members of enum hv_status. */
bool status_is_fault(const struct status *s);

/* ---- what a partition is offered ---- */

/* One bit of a `privileges` or `features` block. */
struct offer_bit {
	struct offer_bit *next;
	const struct offer *block;
	const char *name;
	struct pos at;
	struct about about;    /* about.unimplemented: never offered */
	unsigned bit;
	bool used;
	const struct bits *shown; /* resolved: the CPUID bit that shows it, or NULL */
};

struct offer {
	struct offer *next;
	const char *name;      /* "privilege", "feature", "hint" */
	struct pos at;
	struct about about;
	bool is_privileges;    /* declared by `privileges`, else by `features` */
	unsigned width;        /* in bits: 32 or 64 */
	unsigned index;        /* order of declaration, from 0 */
	struct offer_bit *bits;
};

/* `block.bit` written somewhere. */
struct offer_use {
	struct offer_use *next;
	struct name block, bit;
	struct offer_bit *target; /* resolved */
};

/* ---- bits: parts of a register ---- */

enum bits_kind {
	BITS_NAMED,
	BITS_MBZ,       /* RsvdZ: a one is refused */
	BITS_PAD,       /* ignored; in an MSR writes are ignored and reads give zero */
	BITS_PRESERVE,  /* RsvdP: a write leaves them; ignored where they are input */
};

enum cpuid_source { CPUID_NONE, CPUID_OFFER, CPUID_CONSTANT, CPUID_VALUE };

struct bits {
	struct bits *next;
	enum bits_kind kind;
	const char *name;          /* NULL when there is none; BITS_NAMED always has one */
	struct pos at;
	struct about about;
	unsigned high, low;        /* bit numbers, high >= low */
	struct pos range_at;

	struct name type_name;     /* `: type`; text NULL when absent */
	struct type *type;         /* resolved when type_name is present */
	struct range *in;          /* `in A..B`, or NULL */
	bool nonzero;
	bool gpa;                  /* MSR: a page number inside the guest physical address space */
	bool locks;                /* MSR: once set, later writes are refused until reset */
	struct name ignored_unless; /* MSR: zero while that MSR is zero; text NULL when absent */
	struct msr *ignored_unless_msr; /* resolved when the name is present */
	struct name unless;        /* MSR: while that bit is set its rules do not hold; or NULL */
	const struct bits *unless_bit; /* resolved when the name is present */

	enum cpuid_source source;  /* only in a CPUID register */
	struct offer_use *offer;   /* CPUID_OFFER */
	uint64_t constant;         /* CPUID_CONSTANT: value of the bits, not shifted */
	struct cpuid_value *value; /* CPUID_VALUE */
};

/* The bits high..low set, in place. */
uint64_t bits_mask(const struct bits *b);

/* ---- types and fields ---- */

enum type_kind { TYPE_INTEGER, TYPE_ALIAS, TYPE_BITS, TYPE_ENUM, TYPE_FLAGS, TYPE_STRUCT };

/* One value of an enum, or one bit of a flag set. */
struct enumerator {
	struct enumerator *next;
	const char *name;
	const char *named;     /* as written after `named`, else the name in CamelCase */
	struct pos at;
	struct about about;
	uint64_t value;        /* of a flag: the bit number */
	struct name type_name; /* `: type`, the layout of what it stands for; text NULL when absent */
	struct type *type;     /* resolved when type_name is present */
};

struct type {
	struct type *next;
	enum type_kind kind;
	const char *name;      /* "u64", "vp_set_format" */
	struct pos at;
	struct about about;
	unsigned size, align;  /* bytes; resolved */
	bool is_signed;        /* i64 alone */
	bool used;
	bool shared;           /* lies in memory that no call passes: nothing here need use it */
	bool open;             /* enum: other values are legal */
	struct name base_name; /* alias, bits, enum, flags; text NULL otherwise */
	struct type *base;     /* resolved: a TYPE_INTEGER (aliases seen through) */
	struct bits *bits;     /* TYPE_BITS, ascending */
	struct enumerator *values; /* TYPE_ENUM, TYPE_FLAGS */
	struct field *fields;  /* TYPE_STRUCT, ascending */
	unsigned declared_size; /* TYPE_STRUCT */
	struct pos size_at;
	unsigned visit;        /* for the search for recursive types */
};

enum field_kind { FIELD_DATA, FIELD_PAD, FIELD_MBZ };

/* `valid KIND`: what the value of a field must name, by what the hypervisor knows. */
enum valid {
	VALID_ANYTHING,
	VALID_PARTITION, /* the caller's own, by its id or as the enum's `self` */
	VALID_VP,        /* a virtual processor of the partition, or `self` */
	VALID_VTL,       /* a trust level of the partition, where the byte says that it counts */
	VALID_ADDRESS,   /* inside the guest physical address space */
	VALID_PAGE,      /* likewise, a page number */
	VALID_COUNT
};

/* "partition", "vp", "vtl", "address", "page"; NULL for VALID_ANYTHING. */
const char *valid_name(enum valid v);

/* `unless F.BIT`: names as written. What they mean is in struct check. */
struct unless {
	struct name field, bit;
};

struct field {
	struct field *next;
	enum field_kind kind;
	const char *name;      /* "_pad0", "_mbz0", ... for what has none; unique in its block */
	struct pos at;
	struct about about;
	unsigned offset;       /* bytes from the start of the block */
	struct pos offset_at;
	struct name type_name; /* text NULL for pad and mbz */
	struct type *type;     /* resolved: for pad and mbz u8 */
	bool is_array;
	unsigned count;        /* 1 unless is_array; pad[n] and mbz[n] have n bytes */
	struct pos count_at;

	struct range *in;      /* or NULL */
	bool nonzero, zero;
	enum valid valid;
	struct pos valid_at;
	struct name count_of;  /* `var` only; text NULL when absent */
	struct unless *unless; /* or NULL */
	struct name otherwise; /* `else`; text NULL when absent */
};

/* Bytes of the whole field. */
unsigned field_size(const struct field *f);

/* One parameter block of a call. Absent: present is false and size 0. */
struct block {
	bool present;
	struct pos at;
	struct field *fields;
	unsigned size, align;  /* resolved: end of the last field; of `var`: 8 */
};

/* ---- rules ---- */

/* One of the calling convention's own checks. */
struct rule {
	struct rule *next;
	const char *name;
	const char *id;        /* "HVR-C-05" */
	struct pos at;
	struct about about;
	unsigned number;
	struct name otherwise;
	const struct status *status; /* resolved */
};

enum check_kind {
	CHECK_ZERO,         /* the operand is zero; any number of bytes */
	CHECK_NONZERO,      /* it is not; any number of bytes */
	CHECK_RESERVED,     /* (operand & mask) == 0: reserved bits, or bits outside a flag set */
	CHECK_RANGE,        /* low <= operand <= high */
	CHECK_ENUM,         /* operand is one of type->values */
	CHECK_VALID,        /* operand is what `valid` says */
	CHECK_COUNT,        /* var_count == number of bits set in the operand (a field of `in`) */
	CHECK_MSR_READ,     /* MSR is write only: a read is refused */
	CHECK_MSR_WRITE,    /* MSR is read only: a write is refused */
	CHECK_MSR_LOCKED,   /* (old & mask) == 0 */
	CHECK_MSR_GPA,      /* operand < env->gpa_pages */
};

enum part { PART_IN, PART_VAR, PART_EACH, PART_MSR };

/* A value to look at: `width` bits from `shift` on of the `size` bytes at `offset` of its part. */
struct operand {
	enum part part;
	const char *path;      /* for people: "range.low"; of bits: "target_vtl.use_target_vtl" */
	const char *member;    /* the C lvalue that holds it: "range.low", "target_vtl" */
	unsigned offset, size;
	unsigned shift, width; /* whole operands: 0 and 8 * size */
	unsigned count, stride; /* 1 and 0; of an array, whose member has "[i]", more */
};

/* One rule of a validator. Rules of a call run in list order: in, var, then each. */
struct check {
	struct check *next;
	enum check_kind kind;
	const char *id;         /* "HVR-0014-02", "HVR-M-40000001-03" */
	const char *enumerator; /* "POST_MESSAGE_AT_4_MBZ", to stand behind SPEC_RULE_ */
	const char *text;       /* what must hold, one line, ASCII */
	const struct status *status; /* what breaking it yields */
	struct pos at;
	struct operand on;
	uint64_t mask;          /* CHECK_RESERVED, CHECK_MSR_LOCKED */
	uint64_t low, high;     /* CHECK_RANGE */
	const struct type *type; /* CHECK_ENUM; CHECK_VALID: of the field */
	enum valid valid;        /* CHECK_VALID */
	uint64_t special;        /* likewise: `self`, or the bit with which a trust level counts */
	bool guarded;           /* holds only while (unless & unless_mask) != unless_value */
	struct operand unless;  /* never an array; part is PART_IN, or that of the rule */
	uint64_t unless_mask, unless_value;
};

/* ---- hypercalls ---- */

enum caller { CALLER_GUEST = 1, CALLER_PARENT = 2, CALLER_ROOT = 4, CALLER_VTL = 8 };

struct status_use {
	struct status_use *next;
	struct name name;
	const struct status *status; /* resolved */
};

struct call {
	struct call *next;
	const char *name;      /* "flush_virtual_address_list_ex" */
	const char *named;     /* "HvCallFlushVirtualAddressListEx" */
	struct pos at;
	struct about about;
	uint16_t code;
	struct pos code_at;
	bool unknown;          /* neither shape nor parameters are published: a code and a name */
	bool rep, varhead, continuable;
	bool counted;          /* a rep call whose repetitions have no element */
	struct pos counted_at;
	bool fast, xmm;        /* claimed, and proved by the sizes; fast implies xmm */
	struct pos fast_at, xmm_at, varhead_at;
	struct offer_use *needs;
	struct name denied_name;      /* text NULL: access_denied */
	const struct status *denied;  /* resolved */
	struct offer_use *offered;
	unsigned callers;      /* set of enum caller */
	struct status_use *statuses;
	struct block in, var, each_in, out, each_out;
	struct check *checks;  /* resolved */
};

/* Bytes of the fixed input header: rounded up to 8 when a variable header or elements follow. */
unsigned call_in_size(const struct call *c);

/* Likewise for the output in front of output elements. */
unsigned call_out_size(const struct call *c);

/*
 * Whether the call has a register form with so many qwords of variable header and repetitions:
 * without output it must claim so, and fit; output goes behind the input, from a multiple of 16 on.
 */
bool call_fits_registers(const struct call *c, unsigned var_count, unsigned reps);

static inline bool call_implemented(const struct call *c)
{
	return !c->about.unimplemented;
}

/* ---- MSRs ---- */

struct msr {
	struct msr *next;
	const char *name;      /* "hypercall" */
	const char *named;     /* "HV_X64_MSR_HYPERCALL" */
	struct pos at;
	struct about about;
	uint32_t number, stride, count; /* stride and count are 1 for a single MSR */
	bool strided;          /* a stride was written: instances are named SINT0, SINT1, ... */
	struct pos number_at;
	bool unknown;          /* neither scope nor access nor content is published */
	bool vp;               /* one per virtual processor, else per partition */
	bool readable, writable;
	bool computed, acts;
	bool has_reset;        /* always true in a spec that passed */
	uint64_t reset;
	struct pos reset_at;
	struct offer_use *needs;
	struct bits *bits;     /* ascending and covering all 64, or NULL: a plain number */
	struct check *checks;  /* resolved; those of reads and of writes in one list */
};

static inline bool msr_implemented(const struct msr *m)
{
	return !m->about.unimplemented;
}

/* Bits of an MSR whose kind is `kind`, in place. */
uint64_t msr_mask(const struct msr *m, enum bits_kind kind);

/* One number of the MSR space: an MSR, or one of a strided family. */
struct msr_row {
	const struct msr *msr;
	uint32_t index;        /* in its family, else 0 */
	uint32_t number;
};

/* ---- CPUID ---- */

enum { CPUID_EAX, CPUID_EBX, CPUID_ECX, CPUID_EDX, CPUID_REGISTERS };

/* A number that the hypervisor fills in when it creates a partition; one entry per name. */
struct cpuid_value {
	struct cpuid_value *next;
	const char *name;
	struct pos at;         /* first use */
};

struct cpuid_register {
	bool present;
	struct pos at;
	struct bits *bits;     /* ascending, covering all 32 */
};

struct cpuid_leaf {
	struct cpuid_leaf *next;
	const char *name;
	struct pos at;
	struct about about;
	uint32_t number;
	struct pos number_at;
	struct cpuid_register registers[CPUID_REGISTERS];
};

/* Whether a partition is shown the leaf at all. */
static inline bool leaf_implemented(const struct cpuid_leaf *l)
{
	return !l->about.unimplemented && (l->about.arch & ARCH_X64);
}

/* ---- what is no item of the interface ---- */

/* Something to say about the documents or their readers that no declared item could carry. */
struct remark {
	struct remark *next;
	const char *subject;
	struct pos at;
	struct about about;    /* has a mark */
};

/* What a source names and this specification leaves out on purpose. */
struct absence {
	struct absence *next;
	const char *name;
	const char *reason;
	struct pos at;
};

/* ---- the whole ---- */

struct arena;
struct diag;

struct spec {
	struct arena *arena;
	struct source *sources;
	const char *sha256;    /* of the sources; digest.h */
	const char *interface; /* "hv1" */
	struct pos interface_at;
	struct about interface_about;
	unsigned version[3];
	struct type *types;    /* declared ones; u8 .. u128 are not in the list */
	struct status *statuses;
	struct rule *rules;
	struct offer *offers;
	struct call *calls;
	struct msr *msrs;
	struct cpuid_leaf *leaves;
	struct cpuid_value *values;
	struct remark *remarks;
	struct absence *absences;
	struct msr_row *msr_rows; /* resolved: every number, ascending */
	size_t msr_row_count;
	struct vector *vectors; /* resolved: vectors.h */
	struct msr_vector *msr_vectors; /* likewise */
	struct name_list *lost; /* names in declarations that could not be read: declared or used */
	bool missing_source;    /* an include could not be read: any name may be declared there */
	struct diag *errors, *last_error; /* diag.h */
	size_t error_count;
};

/* A fresh empty spec, and its end. Out of memory ends the program with a message. */
struct spec *spec_new(void);
void spec_free(struct spec *s);

/* Memory that lives as long as the spec; zeroed, aligned for anything. */
void *spec_alloc(struct spec *s, size_t size);
const char *spec_strndup(struct spec *s, const char *text, size_t length);
const char *spec_printf(struct spec *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Look-ups by name; NULL when there is none. spec_type() knows the built-in integers too. */
struct type *spec_type(const struct spec *s, const char *name);
struct status *spec_status(const struct spec *s, const char *name);
struct offer *spec_offer(const struct spec *s, const char *block);
struct offer_bit *spec_offer_bit(const struct spec *s, const char *block, const char *bit);
struct msr *spec_msr(const struct spec *s, const char *name);
struct rule *spec_rule(const struct spec *s, const char *name);

/* Bits of `block` among the uses in the list; all bits that are not marked unimplemented. */
uint64_t offer_use_mask(const struct offer_use *list, const struct offer *block);
uint64_t offer_implemented_mask(const struct offer *block);

/* All legal bits of a flag set; the bits of a `bits` type that must be zero. */
uint64_t type_flags_mask(const struct type *t);
uint64_t type_mbz_mask(const struct type *t);

/* The lowest `width` bits set; width may be 0 to 64. How many bits are set. */
uint64_t low_bits(unsigned width);
unsigned count_bits(uint64_t value);

/* A value of an enum by its name in the specification, or NULL. */
const struct enumerator *type_value(const struct type *t, const char *name);

/* "vp_index" -> "VpIndex", "vp_index" -> "VP_INDEX"; the results live in the spec. */
const char *spec_camel(struct spec *s, const char *name);
const char *spec_upper(struct spec *s, const char *name);

/*
 * The name under which other headers know a constant of C that is `own` here: what stands behind
 * `named` when that begins with HV_. NULL when there is none.
 */
const char *about_alias(const struct about *a, const char *own);

/* The spelling of a mark: "observed", "erratum", "disputed", "ours". */
const char *mark_name(enum mark_kind kind);

/* The spelling of a hypervisor: "kvm", "xen", "openvmm". */
const char *seen_name(enum seen_in who);

/* The spelling of the caller that is bit `i` of a set: "guest", "parent"; NULL beyond the last. */
const char *caller_name(unsigned i);

#endif
