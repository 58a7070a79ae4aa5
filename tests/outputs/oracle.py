# SPDX-License-Identifier: BSD-2-Clause OR MIT
"""
A slow interpreter of the rules in `hvgen json`, written from gen/LANGUAGE.md and not from the generator: what a call or
an MSR access must yield, to be compared with what hvgen says of its own test vectors.
"""

import re

SUCCESS = 'HV_STATUS_SUCCESS'
GPA_PAGES = 1 << 40     # as many as any machine has, and fewer than a page number can say
PAGE = 4096
FAST_BYTES, XMM_BYTES = 16, 112


VALID_STATUS = {'partition': 'HV_STATUS_INVALID_PARTITION_ID', 'vp': 'HV_STATUS_INVALID_VP_INDEX'}


class Broken(Exception):
    """A rule is broken: `status` is what that yields, `path` where in the parameters; None in the convention."""

    def __init__(self, status, path=None):
        super().__init__(f'{status} at {path}')
        self.status = status
        self.path = path


def words_of(rule):
    """{'in': (16, 255), 'unless': 'flags.all', 'else': 'invalid_port_id', 'nonzero': True, 'valid': 'vp', ...} of a rule's text."""
    words = (rule or '').split()
    found = {}
    while words:
        word = words.pop(0)
        if word == 'in':
            found[word] = tuple(int(end, 0) for end in words.pop(0).split('..'))
        elif word in ('unless', 'else', 'count_of', 'ignored_unless', 'valid'):
            found[word] = words.pop(0)
        else:
            found[word] = True
    return found


def bits_of(value, low, width):
    return value >> low & (1 << width) - 1


def status_of(words, default):
    return 'HV_STATUS_' + words['else'].upper() if 'else' in words else default


class Oracle:
    """Answers for one model."""

    def __init__(self, model):
        self.types = {kind['name']: kind for kind in model['types'] if kind.get('arch') != 'arm64'}
        self.calls = {call['value']: call for call in model['hypercalls'] if call.get('arch') != 'arm64'}
        self.msrs = {msr['value']: msr for msr in model['msrs']}
        self.resets = {msr['id']: msr.get('reset', 0) for msr in model['msrs']}
        self.convention = {rule['id']: rule['status'] for rule in model['rules']}

    # ---- values ----

    def check_type(self, kind, value, status, path):
        """The rules that the type of a whole word or part brings."""
        kind = self.types.get(kind)
        if not kind:
            return
        values = [item['value'] for item in kind.get('values', ()) if item.get('arch') != 'arm64']
        if kind['kind'] == 'enum' and not kind.get('open') and value not in values:
            raise Broken(status, path)
        if kind['kind'] == 'flags' and value & ~sum(1 << bit for bit in values):
            raise Broken(status, path)
        for part in kind.get('bits', ()):
            self.check_part(part, value, status, path)

    def check_part(self, part, word, status, path):
        words = words_of(part['rule'])
        value = bits_of(word, part['value'], part['width'])
        self.check_value(words, value, status, path)
        self.check_type(part.get('type'), value, status, path)

    @staticmethod
    def check_value(words, value, status, path):
        if 'mbz' in words and value or 'nonzero' in words and not value:
            raise Broken(status, path)
        if 'in' in words and not words['in'][0] <= value <= words['in'][1]:
            raise Broken(status, path)

    @staticmethod
    def is_valid(what, kind, value):
        """By what every partition has: itself, its first processor, its lowest trust level, and 36 bits of address."""
        self_value = next((item['value'] for item in kind.get('values', ()) if item['id'] == 'self'), None)
        return {'partition': value == self_value, 'vp': value in (self_value, 0), 'vtl': not value & 16 or not value & 15,
                'address': value < 1 << 36, 'page': value < 1 << 24}[what]

    # ---- fields ----

    def excused(self, words, *scopes):
        """
        Whether `unless F.BIT` frees a line of its rules: a flag or bit that is set, or a value that F does not have.
        Scopes are (fields, bytes); the first one that has F counts.
        """
        if 'unless' not in words:
            return False
        name, bit = words['unless'].split('.')
        field, data = next((field, data) for fields, data in scopes for field in fields if field['name'] == name)
        value = int.from_bytes(data[field['offset']:field['offset'] + field['size']], 'little')
        kind = self.types[field['type']]
        if kind['kind'] == 'enum':
            return value != next(item['value'] for item in kind['values'] if item['id'] == bit)
        parts = kind['values'] if kind['kind'] == 'flags' else kind['bits']
        return bool(value >> next(item['value'] for item in parts if item['id'] == bit) & 1)

    def check_fields(self, fields, data, default, prefix='', scope=((), b'')):
        """`scope`: the fields of `in` and their bytes, which a rule of an element may look at."""
        for field in fields:
            words = words_of(field['rule'])
            if self.excused(words, (fields, data), scope):
                continue
            # What has no name is known by its place in the whole block: the structure around it has to do.
            path = prefix + (field['name'] if not field['name'].startswith('_') else '')
            status = status_of(words, default)
            count = field.get('count', 1)
            size = field['size'] // count
            for i in range(count):
                at = field['offset'] + i * size
                self.check_one(field, words, data[at:at + size], status, path)

    def check_one(self, field, words, data, status, path):
        kind = self.types.get(field.get('type'), {})
        value = int.from_bytes(data, 'little')
        if 'pad' in words:
            return
        self.check_value(words, value, status, path)
        if 'valid' in words and not self.is_valid(words['valid'], kind, value):
            raise Broken(status_of(words, VALID_STATUS.get(words['valid'], status)), path)
        if kind.get('kind') == 'struct':
            self.check_fields(kind['fields'], data, status, path + '.')
        else:
            self.check_type(field.get('type'), value, status, path)

    # ---- calls ----

    def rule(self, name):
        return Broken(self.convention[name])

    def check_control(self, call, control):
        """The calling convention's rules about the control word alone, in their order."""
        for low, width in ((27, 4), (44, 4), (60, 4)):
            if bits_of(control, low, width):
                raise self.rule('control_reserved')
        if bits_of(control, 31, 1):
            raise self.rule('nested')
        reps, start = bits_of(control, 32, 12), bits_of(control, 48, 12)
        if bool(reps) != (call['class'] == 'rep'):
            raise self.rule('rep_count')
        if start >= max(reps, 1):
            raise self.rule('rep_start')
        if bits_of(control, 17, 10) and not call['variable_header']:
            raise self.rule('variable_header')

    def check_place(self, call, control, place):
        sizes = call['sizes']
        reps, qwords = bits_of(control, 32, 12), bits_of(control, 17, 10)
        size = sizes['input'] + 8 * qwords + reps * sizes['rep']
        if bits_of(control, 16, 1):
            output = sizes['output'] + reps * sizes['rep_output']
            if output:
                fits = -(-size // FAST_BYTES) * FAST_BYTES + output <= XMM_BYTES
            else:
                fits = (call['xmm'] or call['fast']) and size <= XMM_BYTES
            if not fits:
                raise self.rule('fast_allowed')
            return
        if place != 'start':
            raise self.rule({'misaligned': 'gpa_alignment', 'crossing': 'gpa_page', 'beyond': 'gpa_space',
                             'overlap': 'gpa_overlap'}[place])

    def check_input(self, call, control, data):
        sizes, invalid = call['sizes'], 'HV_STATUS_INVALID_PARAMETER'
        qwords = bits_of(control, 17, 10)
        header = data[:sizes['input']]
        self.check_fields(call['input'], header, invalid)
        for field in call['variable']:
            words = words_of(field['rule'])
            if 'count_of' not in words or self.excused(words, (call['input'], header)):
                continue
            counted = next(field for field in call['input'] if field['name'] == words['count_of'])
            mask = int.from_bytes(header[counted['offset']:counted['offset'] + counted['size']], 'little')
            if bin(mask).count('1') != qwords:
                raise Broken(status_of(words, 'HV_STATUS_INVALID_HYPERCALL_INPUT'), counted['name'])
        at = sizes['input'] + 8 * qwords
        for _ in range(bits_of(control, 32, 12) if call['rep'] else 0):
            self.check_fields(call['rep'], data[at:at + sizes['rep']], invalid, scope=(call['input'], header))
            at += sizes['rep']

    def answer_call(self, control, place, data):
        """(status, path) that a hypervisor which has every published call and offers all of it must answer."""
        call = self.calls.get(control & 0xffff)
        try:
            if not call:
                raise self.rule('code_known')
            if call['class'] != 'unknown':
                self.check_control(call, control)
                self.check_place(call, control, place)
                self.check_input(call, control, data)
        except Broken as broken:
            return broken.status, broken.path
        return SUCCESS, None

    # ---- MSRs ----

    def check_bit(self, msr, bit, value):
        words = words_of(bit['rule'])
        if 'unless' in words:
            guard = next(other for other in msr['bits'] if other['id'] == words['unless'])
            if bits_of(value, guard['value'], 1):
                return
        part = bits_of(value, bit['value'], bit['width'])
        self.check_value(words, part, 'GP', bit['id'])
        if 'gpa' in words and part >= GPA_PAGES:
            raise Broken('GP', bit['id'])
        self.check_type(bit.get('type'), part, 'GP', bit['id'])

    def faults(self, number, access, value=0, before=0):
        """Whether an access to an MSR is refused where the MSR is there and its privileges are held."""
        msr = self.msrs[number]
        if 'access' not in msr:     # only its number and name are published
            return False
        if access[0] not in msr['access']:
            return True
        locks = sum(1 << bit['value'] for bit in msr['bits'] if 'locks' in words_of(bit['rule']))
        if access == 'read':
            return False
        try:
            for bit in msr['bits']:
                self.check_bit(msr, bit, value)
        except Broken:
            return True
        return bool(before & locks)

    def read_back(self, number, value):
        """What a register gives after a write, where it and all others held their reset values."""
        msr = self.msrs[number]
        for bit in msr['bits']:
            words, mask = words_of(bit['rule']), (1 << bit['width']) - 1 << bit['value']
            if 'preserve' in words:
                value = value & ~mask | msr['reset'] & mask
            awaited = words.get('ignored_unless')
            if 'pad' in words or awaited and not self.resets[awaited]:
                value &= ~mask
        return value


def paths(model):
    """{rule id: (status, path)} of all rules of calls; those of ARM64 twins have the same ids."""
    return {check['id']: (check['status'], re.sub(r'\[.*?\]', '', check['path']))
            for call in model['hypercalls'] if call.get('arch') != 'arm64' for check in call['checks']}
