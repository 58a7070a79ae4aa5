// SPDX-License-Identifier: BSD-2-Clause OR MIT
//! What all words and structures of the interface have in common.

/// A word or a structure as it lies in memory: little-endian, each field at its offset.
pub trait Wire: Copy {
    /// The one whose bytes are all zero.
    const ZERO: Self;
    /// How many bytes it takes.
    const SIZE: usize;
    /// Reads it from the first bytes of a slice. Panics when there are fewer than it takes.
    fn get(from: &[u8]) -> Self;
    /// Writes it over the first bytes of a slice. Panics when there are fewer than it takes.
    fn put(self, to: &mut [u8]);
}

macro_rules! integer {
    ($int:ty) => {
        impl Wire for $int {
            const ZERO: Self = 0;
            const SIZE: usize = core::mem::size_of::<$int>();
            fn get(from: &[u8]) -> Self {
                let mut bytes = [0; core::mem::size_of::<$int>()];
                bytes.copy_from_slice(&from[..Self::SIZE]);
                <$int>::from_le_bytes(bytes)
            }
            fn put(self, to: &mut [u8]) {
                to[..Self::SIZE].copy_from_slice(&self.to_le_bytes());
            }
        }
    };
}

integer!(u8);
integer!(u16);
integer!(u32);
integer!(u64);
integer!(i64);

/// 128 bits, as registers have them. Unlike `u128` aligned to 16 bytes by every version of Rust.
#[repr(C, align(16))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct U128 {
    /// Bits 63 to 0.
    pub low: u64,
    /// Bits 127 to 64.
    pub high: u64,
}

impl Wire for U128 {
    const ZERO: Self = U128 { low: 0, high: 0 };
    const SIZE: usize = 16;
    fn get(from: &[u8]) -> Self {
        U128 {
            low: u64::get(from),
            high: u64::get(&from[8..]),
        }
    }
    fn put(self, to: &mut [u8]) {
        self.low.put(to);
        self.high.put(&mut to[8..]);
    }
}

impl<T: Wire, const N: usize> Wire for [T; N] {
    const ZERO: Self = [T::ZERO; N];
    const SIZE: usize = N * T::SIZE;
    fn get(from: &[u8]) -> Self {
        let mut all = Self::ZERO;
        for (i, one) in all.iter_mut().enumerate() {
            *one = T::get(&from[i * T::SIZE..]);
        }
        all
    }
    fn put(self, to: &mut [u8]) {
        for (i, one) in self.into_iter().enumerate() {
            one.put(&mut to[i * T::SIZE..]);
        }
    }
}

/// Where a field of type `T` lies in a `repr(C)` structure when what is in front ends at `end`.
#[doc(hidden)] // public because a use in a proof does not count as one
pub const fn offset_of<T>(end: usize) -> usize {
    let align = core::mem::align_of::<T>();
    (end + align - 1) / align * align
}

/// An integer of a type of its own.
#[allow(unused_macros)]
macro_rules! word {
    ($(#[$doc:meta])* $name:ident: $int:ty) => {
        $(#[$doc])*
        #[repr(transparent)]
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(
            /// All of it as an integer.
            pub $int,
        );

        impl $crate::wire::Wire for $name {
            const ZERO: Self = Self(0);
            const SIZE: usize = core::mem::size_of::<$int>();
            fn get(from: &[u8]) -> Self {
                Self(<$int as $crate::wire::Wire>::get(from))
            }
            fn put(self, to: &mut [u8]) {
                $crate::wire::Wire::put(self.0, to)
            }
        }
    };
}

/// A word cut into parts, and into single bits.
#[allow(unused_macros)]
macro_rules! bits {
    ($(#[$doc:meta])* $name:ident: $int:ty {
        $($(#[$part_doc:meta])* $get:ident $with:ident $high:literal $low:literal;)*
    } {
        $($(#[$bit_doc:meta])* $is:ident $set:ident $bit:literal;)*
    }) => {
        $crate::wire::word!($(#[$doc])* $name: $int);

        impl $name {
            $(
                $(#[$part_doc])*
                #[doc = concat!("Bits ", $high, " to ", $low, ".")]
                pub const fn $get(self) -> $int {
                    self.0 >> $low & (<$int>::MAX >> (<$int>::BITS - 1 - ($high - $low)))
                }
                #[doc = concat!("The same with another `", stringify!($get),
                                "`, of which what does not fit is cut off.")]
                pub const fn $with(self, value: $int) -> Self {
                    let mask = <$int>::MAX >> (<$int>::BITS - 1 - ($high - $low));
                    Self(self.0 & !(mask << $low) | (value & mask) << $low)
                }
            )*
            $(
                $(#[$bit_doc])*
                #[doc = concat!("Bit ", $bit, ".")]
                pub const fn $is(self) -> bool {
                    self.0 >> $bit & 1 != 0
                }
                #[doc = concat!("The same with another `", stringify!($is), "`.")]
                pub const fn $set(self, value: bool) -> Self {
                    Self(self.0 & !(1 << $bit) | (value as $int) << $bit)
                }
            )*
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.debug_struct(stringify!($name))
                    $(.field(stringify!($get), &self.$get()))*
                    $(.field(stringify!($is), &self.$is()))*
                    .finish()
            }
        }
    };
}

/// A word with named values; it can hold others.
#[allow(unused_macros)]
macro_rules! values {
    ($(#[$doc:meta])* $name:ident: $int:ty {
        $($(#[$value_doc:meta])* $value:ident = $number:literal;)*
    }) => {
        $crate::wire::word!($(#[$doc])* $name: $int);

        impl $name {
            $(
                $(#[$value_doc])*
                #[doc = concat!("`", stringify!($number), "`")]
                pub const $value: Self = Self($number);
            )*
            /// The name of the constant with this value, if there is one.
            pub const fn name(self) -> core::option::Option<&'static str> {
                match self.0 {
                    $($number => core::option::Option::Some(stringify!($value)),)*
                    _ => core::option::Option::None,
                }
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match self.name() {
                    core::option::Option::Some(name) => f.write_str(name),
                    core::option::Option::None => write!(f, "{:#x}", self.0),
                }
            }
        }
    };
}

/// A word of single bits.
#[allow(unused_macros)]
macro_rules! flags {
    ($(#[$doc:meta])* $name:ident: $int:ty {
        $($(#[$flag_doc:meta])* $flag:ident = $bit:literal;)*
    }) => {
        $crate::wire::word!($(#[$doc])* $name: $int);

        impl $name {
            $(
                $(#[$flag_doc])*
                #[doc = concat!("Bit ", $bit, ".")]
                pub const $flag: Self = Self(1 << $bit);
            )*
            /// All bits that have a name.
            pub const MASK: Self = Self(0 $(| 1 << $bit)*);
            /// Whether all of the others' bits are set here, too.
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }
        }

        impl core::ops::BitOr for $name {
            type Output = Self;
            fn bitor(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                let mut set = f.debug_set();
                $(if self.contains(Self::$flag) {
                    set.entry(&format_args!(stringify!($flag)));
                })*
                if self.0 & !Self::MASK.0 != 0 {
                    set.entry(&format_args!("{:#x}", self.0 & !Self::MASK.0));
                }
                set.finish()
            }
        }
    };
}

/// A structure, and the proof that the compiler agrees with its layout.
#[allow(unused_macros)]
macro_rules! structure {
    ($(#[$doc:meta])* $name:ident size $size:literal align $align:literal {
        $($(#[$field_doc:meta])* $offset:literal $field:ident: $type:ty;)*
    }) => {
        $(#[$doc])*
        #[repr(C, align($align))]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name {
            $(
                $(#[$field_doc])*
                #[doc = concat!("Offset ", $offset, ".")]
                pub $field: $type,
            )*
        }

        impl $crate::wire::Wire for $name {
            const ZERO: Self = Self { $($field: <$type as $crate::wire::Wire>::ZERO),* };
            const SIZE: usize = $size;
            fn get(from: &[u8]) -> Self {
                Self { $($field: <$type as $crate::wire::Wire>::get(&from[$offset..])),* }
            }
            fn put(self, to: &mut [u8]) {
                $($crate::wire::Wire::put(self.$field, &mut to[$offset..]);)*
            }
        }

        impl Default for $name {
            fn default() -> Self {
                <Self as $crate::wire::Wire>::ZERO
            }
        }

        const _: () = {
            let end = 0;
            $(
                assert!($crate::wire::offset_of::<$type>(end) == $offset);
                let end = $offset + core::mem::size_of::<$type>();
            )*
            assert!(end <= $size);
            assert!(core::mem::size_of::<$name>() == $size);
            assert!(core::mem::align_of::<$name>() == $align);
        };
    };
}

#[allow(unused_imports)] // an interface need not have something of each kind
pub(crate) use {bits, flags, structure, values, word};
