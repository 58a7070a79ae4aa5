searchIn(`hypercall	HvCallDoThings	0x0042	call-do_things.html	do_things
rule	HVR-0042-01		call-do_things.html#HVR-0042-01	
rule	HVR-0042-02		call-do_things.html#HVR-0042-02	
rule	HVR-0042-03		call-do_things.html#HVR-0042-03	
rule	HVR-0042-04		call-do_things.html#HVR-0042-04	
rule	HVR-0042-05		call-do_things.html#HVR-0042-05	
rule	HVR-0042-06		call-do_things.html#HVR-0042-06	
MSR	HV_X64_MSR_THING	0x40000050	msr-thing.html	thing
type	choice		type-choice.html	HV_CHOICE
value	This	0x1	type-choice.html#this	this
value	That	0x2	type-choice.html#that	that
type	page		type-page.html	HV_PAGE
type	level		type-level.html	HV_LEVEL
status	HV_STATUS_SUCCESS	0x0000	statuses.html#success	
status	HV_STATUS_TIME_OUT	0x0078	statuses.html#time_out	
status	HV_STATUS_INVALID_HYPERCALL_CODE	0x0002	statuses.html#invalid_hypercall_code	
status	HV_STATUS_INVALID_HYPERCALL_INPUT	0x0003	statuses.html#invalid_hypercall_input	
status	HV_STATUS_INVALID_ALIGNMENT	0x0004	statuses.html#invalid_alignment	
status	HV_STATUS_ACCESS_DENIED	0x0006	statuses.html#access_denied	
status	HV_STATUS_INVALID_PARAMETER	0x0005	statuses.html#invalid_parameter	
rule	HVR-C-01		rules.html#caller_mode	caller_mode
rule	HVR-C-02		rules.html#page_enabled	page_enabled
rule	HVR-C-03		rules.html#code_known	code_known
rule	HVR-C-04		rules.html#privilege	privilege
rule	HVR-C-05		rules.html#control_reserved	control_reserved
rule	HVR-C-06		rules.html#nested	nested
rule	HVR-C-07		rules.html#rep_count	rep_count
rule	HVR-C-08		rules.html#rep_start	rep_start
rule	HVR-C-09		rules.html#variable_header	variable_header
rule	HVR-C-10		rules.html#fast_allowed	fast_allowed
rule	HVR-C-11		rules.html#xmm_offered	xmm_offered
rule	HVR-C-12		rules.html#gpa_alignment	gpa_alignment
rule	HVR-C-13		rules.html#gpa_page	gpa_page
rule	HVR-C-14		rules.html#gpa_space	gpa_space
rule	HVR-C-15		rules.html#gpa_overlap	gpa_overlap
rule	HVR-C-16		rules.html#gpa_access	gpa_access
privilege	do_things	0	offers.html#privilege.do_things	
`);
