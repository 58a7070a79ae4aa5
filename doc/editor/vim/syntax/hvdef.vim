" SPDX-License-Identifier: BSD-2-Clause OR MIT
" Syntax of specifications of hypervisor interfaces; the words are those of hvgen --grammar.

if exists('b:current_syntax')
  finish
endif

syntax case match

" Keywords that open a declaration do so in column 1 alone.
syntax match hvdefDeclaration /^\%(include\|interface\|type\|bits\|enum\|flags\|struct\|statuses\|rules\)\>/
syntax match hvdefDeclaration /^\%(privileges\|features\|hypercall\|msr\|cpuid\|remark\|absent\)\>/

syntax keyword hvdefClause version size stride count ref since seen arch named formerly unimplemented
syntax keyword hvdefClause offered needs caller status continuable in var each out reset acts computed
syntax keyword hvdefRule pad mbz preserve nonzero valid count_of unless else gpa locks ignored_unless constant value

syntax keyword hvdefWord simple rep unknown counted fast xmm varhead open shared continued
syntax keyword hvdefWord partition vp ro wo rw guest parent root vtl x64 arm64 kvm xen openvmm
syntax keyword hvdefType u8 u16 u32 u64 i64 u128

" Behind an offset or a range stands the name of something, whatever it is called.
syntax match hvdefMark /@\h\w*/
syntax match hvdefNumber /\<\%(0x\x[0-9a-fA-F_]*\|\d[0-9_]*\)\>/
syntax region hvdefString start=/"/ end=/"/ oneline
syntax match hvdefComment +//.*$+ contains=@Spell
syntax match hvdefDoc +///.*$+ contains=@Spell

highlight default link hvdefDeclaration Keyword
highlight default link hvdefClause Statement
highlight default link hvdefRule Special
highlight default link hvdefWord StorageClass
highlight default link hvdefType Type
highlight default link hvdefMark PreProc
highlight default link hvdefNumber Number
highlight default link hvdefString String
highlight default link hvdefComment Comment
highlight default link hvdefDoc SpecialComment

let b:current_syntax = 'hvdef'
