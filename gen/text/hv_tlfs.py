"""The Microsoft hypervisor interface (TLFS) in one module: what its words, structures, MSRs, CPUID leaves,
messages and hypercalls are made of, to take them apart and to put them together.

    >>> HypercallControl.of(code=0x0003, rep_count=2, rep_start=1)
    HypercallControl(code=0x3, rep_count=0x2, rep_start=0x1)
    >>> HypercallControl(0x0001_0002_0000_0003).rep_count
    2
    >>> VpSetFormat(1)
    VpSetFormat.ALL
    >>> SegmentRegister(base=0x1000, selector=0x10).pack().hex()
    '00100000000000000000000010000000'
    >>> decode_result(0x0000_0003_0000_0005)
    ('HV_STATUS_INVALID_PARAMETER', 3)
    >>> decode_msr(0x4000_0001, 0x1234_5001)
    ('HV_X64_MSR_HYPERCALL', MsrHypercall(enable=0x1, gpfn=0x12345))

Words are integers that know their parts; structures have their fields as attributes. All of them unpack()
from little-endian bytes and pack() into them; _size_ and _align_ are in bytes. What a structure ignores or
has reserved is no field: it is skipped and packed as zeros. Needs nothing but Python 3.9 or newer.
"""

import collections


class _Word(int):
    """An integer of `_size_` bytes."""

    _size_ = _align_ = 8
    _signed_ = False

    def __new__(cls, value=0):
        word = super().__new__(cls, value)
        if int(word).bit_length() > 8 * cls._size_ - cls._signed_ or (word < 0 and not cls._signed_):
            raise ValueError(f'{int(word):#x} does not fit in {cls.__name__}')
        return word

    @classmethod
    def unpack(cls, data, at=0):
        """The word in the bytes from `at` on."""
        return cls(int.from_bytes(_cut(data, at, cls._size_), 'little', signed=cls._signed_))

    def pack(self):
        """Its bytes."""
        return int(self).to_bytes(self._size_, 'little', signed=self._signed_)


def _cut(data, at, size):
    if at + size > len(data):
        raise ValueError(f'{size} bytes at {at} are wanted, there are {len(data)}')
    return bytes(data[at:at + size])


class U8(_Word):
    """An integer of 8 bits."""

    _size_ = _align_ = 1


class U16(_Word):
    """An integer of 16 bits."""

    _size_ = _align_ = 2


class U32(_Word):
    """An integer of 32 bits."""

    _size_ = _align_ = 4


class U64(_Word):
    """An integer of 64 bits."""


class I64(_Word):
    """An integer of 64 bits with a sign."""

    _signed_ = True


class U128(_Word):
    """An integer of 128 bits."""

    _size_ = _align_ = 16


class _Bits(_Word):
    """A word cut into parts: {name: (high bit, low bit, type of its own or int)}."""

    _parts_ = {}
    _mbz_ = 0             # reserved: a one is refused

    @classmethod
    def of(cls, /, **parts):
        """The word of these parts; those not named are zero."""
        return cls(0).replace(**parts)

    def replace(self, /, **parts):
        """The same word with other values in these parts."""
        word = int(self)
        for name, value in parts.items():
            if name not in self._parts_:
                raise TypeError(f'{type(self).__name__} has no part {name}')
            high, low, _ = self._parts_[name]
            if not 0 <= value < 2 << (high - low):
                raise ValueError(f'{value:#x} does not fit in {name}')
            word = word & ~((2 << high) - (1 << low)) | value << low
        return type(self)(word)

    def decode(self):
        """{name: value} of all parts."""
        return {name: kind(int(self) >> low & (2 << (high - low)) - 1)
                for name, (high, low, kind) in self._parts_.items()}

    def __getattr__(self, name):
        if name not in self._parts_:
            raise AttributeError(f'{type(self).__name__} has no part {name}')
        return self.decode()[name]

    def __repr__(self):
        parts = (f'{name}={value!r}' if isinstance(value, _Word) else f'{name}={value:#x}'
                 for name, value in self.decode().items() if value)
        return f'{type(self).__name__}({", ".join(parts)})'


class _Enum(_Word):
    """A word with named values, which are attributes in capitals; others may be legal when _open_."""

    _open_ = False
    _names_ = {}        # {value: name}
    _contents_ = {}     # {value: type of what it stands for}

    def __init_subclass__(cls):
        cls._names_ = {value: name for name, value in vars(cls).items() if name.isupper()}

    @property
    def name(self):
        """The name of the value, or its digits."""
        return self._names_.get(int(self), f'{int(self):#x}')

    def __repr__(self):
        return f'{type(self).__name__}.{self.name}' if self in self._names_ else f'{type(self).__name__}({self.name})'


class _Flags(_Word):
    """A word of single bits, which are attributes in capitals."""

    _names_ = {}        # {mask: name}

    def __init_subclass__(cls):
        cls._names_ = {value: name for name, value in vars(cls).items() if name.isupper()}

    def decode(self):
        """The names of the bits that are set; digits for those that have none."""
        known = [name for mask, name in self._names_.items() if self & mask]
        other = int(self) & ~sum(self._names_)
        return known + [f'{other:#x}'] * bool(other)

    def __repr__(self):
        return f'{type(self).__name__}({" | ".join(self.decode())})'


class _Struct:
    """A structure: fields are (offset, name, type, count), count 0 for what is no array."""

    _size_, _align_ = 0, 1
    _fields_ = ()

    def __init__(self, /, **values):
        for _, name, kind, count in self._fields_:
            setattr(self, name, values.pop(name) if name in values else [kind()] * count if count else kind())
        if values:
            raise TypeError(f'{type(self).__name__} has no field {next(iter(values))}')

    def __setattr__(self, name, value):
        for _, field, kind, count in self._fields_:
            if field == name:
                super().__setattr__(name, _coerce_all(kind, count, value) if count else _coerce(kind, value))
                return
        raise AttributeError(f'{type(self).__name__} has no field {name}')

    @classmethod
    def unpack(cls, data, at=0):
        """The structure in the bytes from `at` on."""
        _cut(data, at, cls._size_)
        return cls(**{name: [kind.unpack(data, at + offset + i * kind._size_) for i in range(count)]
                      if count else kind.unpack(data, at + offset) for offset, name, kind, count in cls._fields_})

    def pack(self):
        """Its bytes."""
        data = bytearray(self._size_)
        for offset, name, kind, count in self._fields_:
            value = getattr(self, name)
            part = b''.join(kind.pack(_coerce(kind, v)) for v in (value if count else [value]))
            data[offset:offset + len(part)] = part
        return bytes(data)

    def decode(self):
        """{name: value} of all fields; what they are made of is taken apart, too."""
        return {name: _decode(kind, getattr(self, name), count) for _, name, kind, count in self._fields_}

    def __eq__(self, other):
        return type(self) is type(other) and vars(self) == vars(other)

    __hash__ = None

    def __repr__(self):
        return f'{type(self).__name__}({", ".join(f"{name}={value!r}" for name, value in vars(self).items())})'


def _decode(kind, value, count):
    if count:
        return [_decode(kind, v, 0) for v in value]
    return kind.decode(value) if hasattr(kind, 'decode') else value


def _coerce(kind, value):
    if issubclass(kind, _Word):
        return kind(value)
    if not isinstance(value, kind):
        raise TypeError(f'{kind.__name__} is wanted instead of {value!r}')
    return value


def _coerce_all(kind, count, values):
    values = [_coerce(kind, value) for value in values]
    if len(values) != count:
        raise ValueError(f'{count} times {kind.__name__} are wanted, not {len(values)}')
    return values


class _Call(collections.namedtuple('_Call', 'code name shape header var each out each_out')):
    """A hypercall; header, each, out and each_out are the types of its parameters or None, var a bool."""

    __slots__ = ()

    @property
    def rep(self):
        """Whether it is a rep call."""
        return 'rep' in self.shape

    def decode(self, control, data):
        """(header, qwords of the variable header, elements) of the input that a control word announces."""
        at = _header_size(self.header, self.var or self.each)
        header = self.header.unpack(data) if self.header else None
        qwords = [U64.unpack(data, at + 8 * i) for i in range(control.variable_header_qwords)]
        at += 8 * len(qwords)
        count = control.rep_count if self.each else 0
        return header, qwords, [self.each.unpack(data, at + i * self.each._size_) for i in range(count)]

    def encode(self, header=None, qwords=(), elements=(), reps=None, start=0, fast=False):
        """(control word, input); `reps` where repetitions have no elements."""
        if self.header and header is None:
            header = self.header()
        reps = len(elements) if reps is None else reps
        control = HypercallControl.of(code=self.code, fast=fast, variable_header_qwords=len(qwords),
                                      rep_count=reps, rep_start=start)
        data = header.pack() if self.header else b''
        data = data.ljust(_header_size(self.header, self.var or self.each), b'\0')
        return control, data + b''.join(U64(q).pack() for q in qwords) + b''.join(e.pack() for e in elements)

    def decode_output(self, reps, data):
        """(header, elements) of the output after `reps` repetitions."""
        at = _header_size(self.out, self.each_out)
        count = reps if self.each_out else 0
        return (self.out.unpack(data) if self.out else None,
                [self.each_out.unpack(data, at + i * self.each_out._size_) for i in range(count)])


def _header_size(header, followed):
    size = header._size_ if header else 0
    return (size + 7) // 8 * 8 if followed else size


_Msr = collections.namedtuple('_Msr', 'number name per_vp readable writable reset content')
_Leaf = collections.namedtuple('_Leaf', 'number name eax ebx ecx edx')


def decode_call(control, data):
    """(call, control word, header, qwords, elements) of a hypercall and its input; KeyError for an unknown code."""
    control = HypercallControl(control)
    call = CALLS[control.code]
    return (call, control, *call.decode(control, data))


def decode_result(result):
    """(name of the status, repetitions completed) of a result."""
    result = HypercallResult(result)
    return status_name(result.call_status), result.elements_processed


def status_name(status):
    """'HV_STATUS_SUCCESS' for 0."""
    return STATUSES.get(status, f'unknown status {status:#x}')


def decode_msr(number, value):
    """(name, content) of a synthetic MSR; KeyError for an unknown number."""
    msr = MSRS[number]
    return msr.name, msr.content(value)


def decode_cpuid(number, eax, ebx, ecx, edx):
    """(name, {register: content}) of a leaf; KeyError for an unknown number."""
    leaf = LEAVES[number]
    given = {'eax': eax, 'ebx': ebx, 'ecx': ecx, 'edx': edx}
    return leaf.name, {name: (getattr(leaf, name) or U32)(value) for name, value in given.items()}


def decode_message(data):
    """(header, payload) of a message in its slot; the payload is bytes where its layout is not known."""
    message = Message.unpack(data)
    payload = bytes(data)[MessageHeader._size_:][:message.header.payload_size]
    kind = MessageType._contents_.get(message.header.type)
    return message.header, kind.unpack(payload) if kind and len(payload) >= kind._size_ else payload


def unpack_content(value, data):
    """What a value of an enum stands for: a message, a register, a property; None where that is not known."""
    kind = value._contents_.get(int(value))
    return kind and kind.unpack(data)


def _find(table, name):
    return next((item for item in table.values() if item.name == name), None)


def call_named(name):
    """The call 'HvCallFlushVirtualAddressSpace', or None."""
    return _find(CALLS, name)


def msr_named(name):
    """The MSR 'HV_X64_MSR_HYPERCALL', or None."""
    return _find(MSRS, name)


def encode_processors(processors):
    """(valid bank mask, banks) of the sparse set of these processors, which are below 4096."""
    banks = {}
    for processor in processors:
        banks[processor // 64] = banks.get(processor // 64, 0) | 1 << processor % 64
    return int(U64(sum(1 << bank for bank in banks))), [banks[bank] for bank in sorted(banks)]


def decode_processors(valid_bank_mask, banks):
    """The processors of a sparse set, ascending; ValueError when the mask and the banks do not go together."""
    numbers = [bank for bank in range(64) if valid_bank_mask >> bank & 1]
    if len(numbers) != len(banks):
        raise ValueError(f'{len(numbers)} banks are announced, there are {len(banks)}')
    return [64 * number + bit for number, bank in zip(numbers, banks) for bit in range(64) if bank >> bit & 1]
