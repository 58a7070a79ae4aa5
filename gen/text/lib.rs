// SPDX-License-Identifier: BSD-2-Clause OR MIT
//! The Microsoft hypervisor interface (TLFS): constants, words and structures, without unsafe code
//! and without dependencies.
//!
//! Words are integers of types of their own that know their parts; structures are `repr(C)` with
//! the sizes, offsets and alignments of the interface, which the compiler proves. [`wire::Wire`]
//! reads and writes both as bytes.
//!
//! ```
//! use hv_tlfs::{call::CallCode, status::Status, types::{HypercallControl, HypercallResult}};
//!
//! let control = HypercallControl(0)
//!     .with_code(CallCode::FLUSH_VIRTUAL_ADDRESS_LIST.0.into())
//!     .with_rep_count(2);
//! assert_eq!(control.0, 0x0000_0002_0000_0003);
//!
//! let result = HypercallResult(0x0000_0001_0000_0005);
//! assert_eq!(Status(result.call_status() as u16), Status::INVALID_PARAMETER);
//! assert_eq!(result.elements_processed(), 1);
//! ```
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod wire;

pub mod call;
pub mod cpuid;
pub mod msr;
pub mod offer;
pub mod status;
pub mod types;
