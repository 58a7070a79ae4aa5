/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Part of the guest header: what differs between compilers and languages. */

/* ---- The compiler --------------------------------------------------------------------------- */

#if defined(__TINYC__)
#define HV_ATTRIBUTE(x) __attribute__(x)
typedef unsigned long long hv_u64;
typedef long long hv_i64;
#elif defined(__GNUC__) || defined(__clang__)
#define HV_ATTRIBUTE(x) __attribute__(x)
/* The one spelling of a 64-bit integer that no pedantic mode of C or C++ warns about. */
typedef unsigned int hv_u64 __attribute__((__mode__(__DI__)));
typedef int hv_i64 __attribute__((__mode__(__DI__)));
#else
#define HV_ATTRIBUTE(x)
typedef unsigned long long hv_u64;
typedef long long hv_i64;
#endif
typedef unsigned char hv_u8;
typedef unsigned short hv_u16;
typedef unsigned int hv_u32;

#if defined(_WIN64)
typedef hv_u64 hv_uptr;
#elif defined(__UINTPTR_TYPE__)
typedef __UINTPTR_TYPE__ hv_uptr;
#else
typedef unsigned long hv_uptr;
#endif

#if defined(__cplusplus)
#define HV_CAST(type, x) static_cast<type>(x)
#define HV_RECAST(type, x) reinterpret_cast<type>(x)
#else
#define HV_CAST(type, x) ((type)(x))
#define HV_RECAST(type, x) ((type)(x))
#endif

#if defined(__cplusplus) && __cplusplus >= 201103L
#define HV_NULL nullptr
#elif defined(__cplusplus)
#define HV_NULL static_cast<void *>(0)
#else
#define HV_NULL ((void *)0)
#endif

#if defined(_MSC_VER) && !defined(__clang__)
#define HV_FN static __inline
#define HV_ALIGN(n) __declspec(align(n))
#else
#define HV_FN static __inline__ HV_ATTRIBUTE((__unused__))
#define HV_ALIGN(n) HV_ATTRIBUTE((__aligned__(n)))
#endif

/* A 64-bit constant of two halves, for languages without a suffix for it. */
#define HV_C64(high, low) ((HV_CAST(hv_u64, high##u) << 32) | HV_CAST(hv_u64, low##u))

#if defined(__cplusplus) && __cplusplus >= 201103L
#define HV_STATIC_ASSERT(x, name) static_assert(x, #name)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define HV_STATIC_ASSERT(x, name) _Static_assert(x, #name)
#else
#define HV_STATIC_ASSERT(x, name) \
	typedef char hv_assert_##name[(x) ? 1 : -1] HV_ATTRIBUTE((__unused__))
#endif
#if (defined(__GNUC__) || defined(__clang__)) && !defined(__TINYC__)
#define HV_OFFSETOF(type, member) __builtin_offsetof(type, member)
#else
#define HV_OFFSETOF(type, member) HV_RECAST(hv_uptr, &HV_CAST(type *, 0)->member)
#endif
#if defined(_MSC_VER) && !defined(__clang__)
#define HV_ALIGNOF(type) __alignof(type)
#else
#define HV_ALIGNOF(type) __alignof__(type)
#endif
#define HV_HAS_LAYOUT(type, bytes, align) \
	HV_STATIC_ASSERT(sizeof(struct type) == (bytes) && HV_ALIGNOF(struct type) == (align), \
			 type##_has_layout)
#define HV_IS_AT(type, member, bytes) \
	HV_STATIC_ASSERT(HV_OFFSETOF(struct type, member) == (bytes), type##_at_##member)

HV_STATIC_ASSERT(sizeof(hv_u8) == 1 && sizeof(hv_u16) == 2, narrow_integers);
HV_STATIC_ASSERT(sizeof(hv_u32) == 4 && sizeof(hv_u64) == 8, wide_integers);
HV_STATIC_ASSERT(sizeof(hv_uptr) == sizeof(void *), pointers);

/* Registers have 128 bits; the low half comes first. */
struct HV_ALIGN(16) hv_u128 {
	hv_u64 low;
	hv_u64 high;
};
HV_HAS_LAYOUT(hv_u128, 16, 16);

/*
 * Numbers that are easily taken for each other: hv_NAME(number) makes one, hv_NAME_value() gives
 * the number. Under HV_STRICT_TYPES the compiler refuses one in the place of another.
 */
#if defined(HV_STRICT_TYPES)
#define HV_NUMBER(name, type) \
	typedef struct name##_number { type value; } name##_t; \
	HV_FN name##_t name(type value) { name##_t x; x.value = value; return x; } \
	HV_FN type name##_value(name##_t x) { return x.value; } \
	HV_STATIC_ASSERT(sizeof(name##_t) == sizeof(type), name)
#else
#define HV_NUMBER(name, type) \
	typedef type name##_t; \
	HV_FN name##_t name(type value) { return value; } \
	HV_FN type name##_value(name##_t x) { return x; } \
	HV_STATIC_ASSERT(sizeof(name##_t) == sizeof(type), name)
#endif
HV_NUMBER(hv_vp_index, hv_u32);
HV_NUMBER(hv_apic_id, hv_u32);
HV_NUMBER(hv_gpa, hv_u64);

/* Parts of words. */
HV_FN hv_u64 hv_field_get(hv_u64 word, hv_u64 mask, hv_u32 shift)
{
	return (word & mask) >> shift;
}

HV_FN hv_u64 hv_field_set(hv_u64 word, hv_u64 value, hv_u64 mask, hv_u32 shift)
{
	return (word & ~mask) | ((value << shift) & mask);
}
