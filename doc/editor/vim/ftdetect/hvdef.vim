" SPDX-License-Identifier: BSD-2-Clause OR MIT
" Specifications of hypervisor interfaces are called *.def, as other things are: a file is one when it begins with a
" comment, documentation or a declaration of theirs.

function! s:Detect() abort
  for line in getline(1, 50)
    if line =~# '^\%(//.*\)\=$'
      continue
    endif
    if line =~# '^\%(include "\|interface "\|\%(type\|bits\|enum\|flags\|struct\|privileges\|features\|hypercall\|msr\) \h\w*\s*[:=s]\)'
          \ || line =~# '^\%(statuses\|rules\)\>.*{' || line =~# '^\%(cpuid \x\+\|remark "\|absent "\)'
      set filetype=hvdef
    endif
    return
  endfor
endfunction

autocmd BufNewFile,BufRead *.def call s:Detect()
