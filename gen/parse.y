/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The grammar of the language. Actions only hand over to build.c; line ends mean nothing here. */
%include {
#include "build.h"

#include <assert.h>
#include <stdlib.h>
}

%token_prefix TOKEN_
%token_type { struct token }
%extra_argument { struct build *b }
%stack_size 64

/* Behind a line of bits `named` is said of them, not of the MSR. */
%nonassoc BITS_LINE.
%nonassoc NAMED.

/*
 * Any keyword is a name where only a name can stand. Those that open declarations are not here:
 * they arrive as keywords in column 1 alone.
 */
%fallback NAME
	VERSION SIZE STRIDE COUNT REF SINCE SEEN BODY_SEEN ARCH NAMED FORMERLY UNIMPLEMENTED OFFERED
	NEEDS CALLER STATUS CONTINUABLE IN VAR EACH OUT RESET ACTS COMPUTED PAD MBZ PRESERVE NONZERO VALID COUNT_OF
	UNLESS ELSE GPA LOCKS IGNORED_UNLESS CONSTANT VALUE.

%syntax_error {
	int expected[8], count = 0;
	YYACTIONTYPE state = yypParser->yytos->stateno;

	for (int kind = 1; kind < YYNTOKEN && count < 8; kind++)
		if (yy_find_shift_action((YYCODETYPE)kind, state) != YY_ERROR_ACTION)
			expected[count++] = kind;
	build_syntax_error(b, &TOKEN, expected, count);
}
%stack_overflow {
	build_too_deep(b);
}

file ::= declarations.
declarations ::= .
declarations ::= declarations declaration.

/* ---- one line ---- */

declaration ::= loose.
declaration ::= INCLUDE STRING(S).                    { build_include(b, &S, NULL); }
declaration ::= INCLUDE STRING(S) LINE_DOC(D).        { build_include(b, &S, &D); }
declaration ::= interface trail.
declaration ::= alias trail.                          { build_close(b); }
declaration ::= remark trail.                         { build_close(b); }
declaration ::= ABSENT STRING(N) STRING(R).           { build_absence(b, &N, &R); }

interface ::= INTERFACE STRING(N) VERSION NUMBER(X) DOT NUMBER(Y) DOT NUMBER(Z). {
	build_interface(b, &N, &X, &Y, &Z);
}
alias ::= TYPE NAME(N) EQUALS NAME(T) words(W). {
	build_type(b, TYPE_ALIAS, &N, &T, NULL, W);
}
remark ::= REMARK STRING(S).                          { build_remark(b, &S); }

/* ---- lists of names and values ---- */

declaration ::= value_head LBRACE trail value_items RBRACE. { build_close(b); }

value_head ::= ENUM NAME(N) COLON NAME(T) words(W).   { build_type(b, TYPE_ENUM, &N, &T, NULL, W); }
value_head ::= FLAGS NAME(N) COLON NAME(T) words(W). {
	build_type(b, TYPE_FLAGS, &N, &T, NULL, W);
}
value_head ::= STATUSES(K) words(W).                  { build_statuses(b, &K, W); }
value_head ::= RULES(K).                              { build_rules(b, &K); }
value_head ::= PRIVILEGES NAME(N) COLON NAME(T).      { build_offer(b, true, &N, &T); }
value_head ::= FEATURES NAME(N) COLON NAME(T).        { build_offer(b, false, &N, &T); }

/* What stands in front of the values; behind one, `unimplemented` is said of that value. */
value_opening ::= .
value_opening ::= value_opening loose.
value_opening ::= value_opening common trail.
value_opening ::= value_opening unimplemented trail.

value_items ::= value_opening.
value_items ::= value_opening values.
values ::= value.
values ::= values value.
values ::= values loose.
values ::= values common trail.

value ::= value_start.
value ::= value value_word.
value_start ::= NUMBER(V) NAME(N).                    { build_value(b, &V, &N); }
value_word ::= note.
value_word ::= named.
value_word ::= formerly.
value_word ::= offered_line.
value_word ::= unimplemented.
value_word ::= COLON NAME(T).                         { build_value_type(b, &T); }
value_word ::= ELSE NAME(N).                          { build_value_else(b, &N); }

/* ---- bits ---- */

declaration ::= bits_head LBRACE trail bits_items RBRACE. { build_close(b); }

bits_head ::= BITS NAME(N) COLON NAME(T) words(W).    { build_type(b, TYPE_BITS, &N, &T, NULL, W); }

bits_items ::= .
bits_items ::= bits_items loose.
bits_items ::= bits_items common trail.
bits_items ::= bits_items part.

part ::= part_start.
part ::= part part_word.
part_start ::= NUMBER(H) part_name.                   { build_bits(b, &H, &H); }
part_start ::= NUMBER(H) RANGE NUMBER(L) part_name.   { build_bits(b, &H, &L); }
part_name ::= NAME(N).                                { build_part_name(b, &N, BITS_NAMED); }
part_name ::= MBZ(N).                                 { build_part_name(b, &N, BITS_MBZ); }
part_name ::= PAD(N).                                 { build_part_name(b, &N, BITS_PAD); }
part_name ::= PRESERVE(N).                            { build_part_name(b, &N, BITS_PRESERVE); }

part_word ::= note.
part_word ::= named.
part_word ::= offered_line.
part_word ::= COLON NAME(T).                          { b->bits->type_name = build_name(&T); }
part_word ::= IN NUMBER(A) RANGE NUMBER(B).           { b->bits->in = build_range(b, &A, &B); }
part_word ::= NONZERO.                                { b->bits->nonzero = true; }
part_word ::= MBZ.                                    { b->bits->kind = BITS_MBZ; }
part_word ::= PAD.                                    { b->bits->kind = BITS_PAD; }
part_word ::= PRESERVE.                               { b->bits->kind = BITS_PRESERVE; }
part_word ::= GPA.                                    { b->bits->gpa = true; }
part_word ::= LOCKS.                                  { b->bits->locks = true; }
part_word ::= IGNORED_UNLESS NAME(M).                 { b->bits->ignored_unless = build_name(&M); }
part_word ::= UNLESS NAME(N).                         { build_part_unless(b, &N); }
part_word ::= ELSE NAME(N).                           { build_part_else(b, &N); }
part_word ::= EQUALS CONSTANT NUMBER(N).              { build_constant(b, &N); }
part_word ::= EQUALS VALUE NAME(N).                   { build_cpuid_value(b, &N); }
part_word ::= EQUALS(E) use(U).                       { build_cpuid_offer(b, &E, U); }

/* ---- fields ---- */

declaration ::= struct_head LBRACE trail struct_items RBRACE. { build_close(b); }

struct_head ::= STRUCT NAME(N) SIZE NUMBER(S) words(W). {
	build_type(b, TYPE_STRUCT, &N, NULL, &S, W);
}

struct_items ::= .
struct_items ::= struct_items loose.
struct_items ::= struct_items common trail.
struct_items ::= struct_items field.

fields ::= .
fields ::= fields loose.
fields ::= fields field.

field ::= field_start.
field ::= field field_word.
field_start ::= NUMBER(O) NAME(T) NAME(N).            { build_field(b, &O, &T, &N); }
field_start ::= NUMBER(O) PAD(P) LBRACKET NUMBER(C) RBRACKET. {
	build_filler(b, FIELD_PAD, &O, &P, &C);
}
field_start ::= NUMBER(O) MBZ(P) LBRACKET NUMBER(C) RBRACKET. {
	build_filler(b, FIELD_MBZ, &O, &P, &C);
}

field_word ::= note.
field_word ::= offered_line.
field_word ::= LBRACKET NUMBER(C) RBRACKET.           { build_array(b, &C); }
field_word ::= IN NUMBER(A) RANGE NUMBER(B).          { b->field->in = build_range(b, &A, &B); }
field_word ::= NONZERO.                               { b->field->nonzero = true; }
field_word ::= MBZ.                                   { b->field->zero = true; }
field_word ::= VALID NAME(N).                         { build_valid(b, &N); }
field_word ::= COUNT_OF NAME(N).                      { b->field->count_of = build_name(&N); }
field_word ::= UNLESS NAME(F) DOT NAME(B).            { build_unless(b, &F, &B); }
field_word ::= ELSE NAME(N).                          { b->field->otherwise = build_name(&N); }

/* ---- hypercalls ---- */

declaration ::= call_head LBRACE trail call_items RBRACE. { build_close(b); }

call_head ::= HYPERCALL NAME(N) EQUALS NUMBER(C) words(W). { build_call(b, &N, &C, W); }

call_items ::= .
call_items ::= call_items loose.
call_items ::= call_items common trail.
call_items ::= call_items call_item trail.

call_item ::= named.
call_item ::= formerly.
call_item ::= unimplemented.
call_item ::= OFFERED uses(U).                        { build_offered(b, U); }
call_item ::= NEEDS uses(U) otherwise(E).             { build_needs(b, U, &E); }
call_item ::= CALLER(K) word_list(W).                 { build_callers(b, &K, W); }
call_item ::= STATUS word_list(W).                    { build_call_statuses(b, W); }
call_item ::= CONTINUABLE.                            { b->call->continuable = true; }
call_item ::= block_start trail fields RBRACE.
call_item ::= var_start trail fields var RBRACE.
call_item ::= var_start trail fields RBRACE(K).       { build_empty_var(b, &K); }

block_start ::= IN(K) LBRACE.                         { build_block(b, &K, &b->call->in); }
block_start ::= OUT(K) LBRACE.                        { build_block(b, &K, &b->call->out); }
block_start ::= EACH(K) IN LBRACE.                    { build_block(b, &K, &b->call->each_in); }
block_start ::= EACH(K) OUT LBRACE.                   { build_block(b, &K, &b->call->each_out); }
var_start ::= VAR(K) LBRACE.                          { build_block(b, &K, &b->call->var); }

/* The only field without an offset: it starts where the fixed header ends. */
var ::= var_name.
var ::= var field_word.
var_name ::= NAME(T) NAME(N).                         { build_field(b, NULL, &T, &N); }

/* ---- MSRs ---- */

declaration ::= msr_head LBRACE trail msr_items RBRACE. { build_close(b); }

msr_head ::= MSR NAME(N) EQUALS NUMBER(C) words(W).   { build_msr(b, &N, &C, NULL, NULL, W); }
msr_head ::= MSR NAME(N) EQUALS NUMBER(C) STRIDE NUMBER(S) COUNT NUMBER(K) words(W). {
	build_msr(b, &N, &C, &S, &K, W);
}

msr_items ::= .
msr_items ::= msr_items loose.
msr_items ::= msr_items common trail.
msr_items ::= msr_items msr_item trail.
msr_items ::= msr_items part.  [BITS_LINE]

msr_item ::= named.
msr_item ::= unimplemented.
msr_item ::= NEEDS uses(U) otherwise(E).              { build_needs(b, U, &E); }
msr_item ::= RESET(K) NUMBER(N).                      { build_reset(b, &K, &N); }
msr_item ::= ACTS.                                    { b->msr->acts = true; }
msr_item ::= COMPUTED.                                { b->msr->computed = true; }

/* ---- CPUID ---- */

declaration ::= leaf_head LBRACE trail leaf_items RBRACE. { build_close(b); }

leaf_head ::= CPUID NUMBER(L) NAME(N).                { build_leaf(b, &L, &N); }

leaf_items ::= .
leaf_items ::= leaf_items loose.
leaf_items ::= leaf_items common trail.
leaf_items ::= leaf_items unimplemented trail.
leaf_items ::= leaf_items register_start trail register_parts RBRACE.

register_start ::= NAME(N) LBRACE.                    { build_register(b, &N); }
register_parts ::= .
register_parts ::= register_parts loose.
register_parts ::= register_parts part.

/* ---- what may be said of anything ---- */

/* On lines of their own: documentation of what follows, marks of the declaration around them. */
loose ::= DOC(D).                                     { build_doc(b, &D); }
loose ::= BODY_MARK(M) STRING(R).                     { build_body_mark(b, &M, &R); }
loose ::= BODY_MARK(M).                               { build_body_mark(b, &M, NULL); }
loose ::= BODY_SEEN seen_list(L).                     { build_body_seen(b, L); }

/* Behind something on its line, or deeper on the lines below. */
trail ::= .
trail ::= trail note.
note ::= LINE_DOC(D).                                 { build_line_doc(b, &D); }
note ::= MARK(M) STRING(R).                           { build_mark(b, &M, &R); }
note ::= MARK(M).                                     { build_mark(b, &M, NULL); }
note ::= SEEN seen_list(L).                           { build_seen(b, L); }

%type seen_list { struct seen * }
%type seen_in { struct seen * }
seen_list(L) ::= seen_in(S).                          { L = S; }
seen_list(L) ::= seen_list(W) COMMA seen_in(S).       { L = W; APPEND(L, S); }
seen_in(S) ::= NAME(N).                               { S = build_seen_in(b, &N, NULL); }
seen_in(S) ::= NAME(N) STRING(H).                     { S = build_seen_in(b, &N, &H); }

common ::= REF(K) strings(L).                         { build_ref(b, &K, L); }
common ::= SINCE STRING(S).                           { build_since(b, &S); }
common ::= ARCH word_list(W).                         { build_arch(b, W); }

named ::= NAMED(K) STRING(S).                         { build_named(b, &K, &S); }
offered_line ::= OFFERED(K) uses(U).                  { build_line_offered(b, &K, U); }
formerly ::= FORMERLY word_list(W).                   { build_formerly(b, W); }
unimplemented ::= UNIMPLEMENTED(K) STRING(R).         { build_unimplemented(b, &K, &R); }
unimplemented ::= UNIMPLEMENTED(K).                   { build_unimplemented(b, &K, NULL); }

%type words { struct name_list * }
%type word_list { struct name_list * }
%type strings { struct name_list * }
words(L) ::= .                                        { L = NULL; }
words(L) ::= word_list(W).                            { L = W; }
word_list(L) ::= NAME(N).                             { L = build_list(b, NULL, &N); }
word_list(L) ::= word_list(W) COMMA NAME(N).          { L = build_list(b, W, &N); }
strings(L) ::= STRING(S).                             { L = build_list(b, NULL, &S); }
strings(L) ::= strings(W) COMMA STRING(S).            { L = build_list(b, W, &S); }

%type use { struct offer_use * }
%type uses { struct offer_use * }
use(L) ::= NAME(O) DOT NAME(B).                       { L = build_use(b, &O, &B); }
uses(L) ::= use(U).                                   { L = U; }
uses(L) ::= uses(W) COMMA use(U).                     { L = W; APPEND(L, U); }

%type otherwise { struct name }
otherwise(N) ::= .                                    { N = (struct name){ 0 }; }
otherwise(N) ::= ELSE NAME(S).                        { N = build_name(&S); }
