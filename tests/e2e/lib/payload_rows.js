'use strict';

// Messages, in protobuf's text format or as bytes in hexadecimal, and the JSON that they are. `single` marks those with
// floats, of which JavaScript has the double, with more digits.

const ANY = 'type.googleapis.com/sluice.test';

const MESSAGES = [
  ['nothing at all', 'Scalars', '', {}],
  ['every scalar at its most', 'Scalars', `
      i32: 2147483647 i64: 9223372036854775807 u32: 4294967295 u64: 18446744073709551615 s32: 2147483647
      s64: 9223372036854775807 f32: 4294967295 f64: 18446744073709551615 sf32: 2147483647 sf64: 9223372036854775807
      twice: 1.7976931348623157e308 yes: true text: "a" raw: "a" color: COLOR_RED`, {
    i32: 2147483647, i64: '9223372036854775807', u32: 4294967295, u64: '18446744073709551615', s32: 2147483647,
    s64: '9223372036854775807', f32: 4294967295, f64: '18446744073709551615', sf32: 2147483647, sf64: '9223372036854775807',
    twice: 1.7976931348623157e308, yes: true, text: 'a', raw: 'YQ==', color: 'COLOR_RED',
  }],
  ['every number at its least', 'Scalars', `
      i32: -2147483648 i64: -9223372036854775808 s32: -2147483648 s64: -9223372036854775808 sf32: -2147483648
      sf64: -9223372036854775808 twice: -1.7976931348623157e308 color: COLOR_BELOW`, {
    i32: -2147483648, i64: '-9223372036854775808', s32: -2147483648, s64: '-9223372036854775808', sf32: -2147483648,
    sf64: '-9223372036854775808', twice: -1.7976931348623157e308, color: 'COLOR_BELOW',
  }],
  ['small 64-bit integers', 'Scalars', 'i64: 1 u64: 1 s64: -1 f64: 1 sf64: -1',
   { i64: '1', u64: '1', s64: '-1', f64: '1', sf64: '-1' }],
  ['an enum number without a name', 'Scalars', 'color: 7', { color: 7 }],
  ['NaN', 'Scalars', 'single: nan twice: nan', { single: 'NaN', twice: 'NaN' }],
  ['infinity', 'Scalars', 'single: inf twice: inf', { single: 'Infinity', twice: 'Infinity' }],
  ['infinity below zero', 'Scalars', 'single: -inf twice: -inf', { single: '-Infinity', twice: '-Infinity' }],
  ['floats that are exact', 'Scalars', 'single: 0.5 twice: 0.5', { single: 0.5, twice: 0.5 }],
  ['floats with few digits', 'Lists', 'single: [0.1, -0.1, 1e10, 16777216, 3.4028235e38, 1.17549435e-38, 1e-45]',
   { single: [0.1, -0.1, 1e10, 16777216, 3.4028234663852886e38, 1.17549435e-38, 1.401298464324817e-45] }, { single: true }],
  ['doubles', 'Lists', 'twice: [0, -0, 0.1, 1e21, 1e-7, 9007199254740993, 5e-324, 0.30000000000000004, 100, -1.5]',
   { twice: [0, -0, 0.1, 1e21, 1e-7, 9007199254740992, 5e-324, 0.30000000000000004, 100, -1.5] }],
  ['bytes of any value', 'Lists', String.raw`raw: ["", "\000", "\377\376", "\373\357\276", "abcd"]`,
   { raw: ['', 'AA==', '//4=', '++++', 'YWJjZA=='] }],
  ['text of all kinds', 'Lists', String.raw`text: ["", "é😀", "\342\200\250\342\200\251", "\"\\/", "\001\010\t\n\014\r\033\177", "<a>&'</a>", "\000"]`,
   { text: ['', 'é😀', '\u2028\u2029', '"\\/', '\u0001\b\t\n\f\r\u001b\u007f', '<a>&\'</a>', '\0'] }],
  ['lists with zeros in them', 'Lists',
   'i32: [0, -1] i64: [0, -1] yes: [false, true] color: [COLOR_UNSPECIFIED, COLOR_RED, 9] scalars {} scalars { i32: 1 } unpacked: [1, 2]', {
     i32: [0, -1], i64: ['0', '-1'], yes: [false, true], color: ['COLOR_UNSPECIFIED', 'COLOR_RED', 9],
     scalars: [{}, { i32: 1 }], unpacked: [1, 2],
   }],
  ['maps by text', 'Maps', `
      text { key: "a" value: "b" } text { key: "" value: "" } text { key: "é\\n" value: "x" } color { key: "r" value: COLOR_RED }
      color { key: "n" value: 8 } raw { key: "b" value: "\\377" } twice { key: "d" value: inf }
      scalars { key: "s" value { i64: 5 } } scalars { key: "empty" value {} } time { key: "t" value { seconds: 1 } }
      value { key: "v" value { null_value: NULL_VALUE } } value { key: "o" value { struct_value {} } }
      any { key: "a" value { type_url: "${ANY}.Tree" value: "\\n\\001x" } }`, {
    text: { a: 'b', '': '', 'é\n': 'x' }, color: { r: 'COLOR_RED', n: 8 }, raw: { b: '/w==' }, twice: { d: 'Infinity' },
    scalars: { s: { i64: '5' }, empty: {} }, time: { t: '1970-01-01T00:00:01Z' }, value: { v: null, o: {} },
    any: { a: { '@type': `${ANY}.Tree`, name: 'x' } },
  }],
  ['maps by numbers and truth', 'Maps', `
      by_i32 { key: -1 value: "a" } by_i32 { key: 0 value: "b" } by_i64 { key: -9223372036854775808 value: "c" }
      by_i64 { key: 9007199254740993 value: "d" } by_u64 { key: 18446744073709551615 value: 7 }
      by_bool { key: true value: "e" } by_bool { key: false value: "f" }`, {
    byI32: { '-1': 'a', 0: 'b' }, byI64: { '-9223372036854775808': 'c', '9007199254740993': 'd' },
    byU64: { '18446744073709551615': '7' }, byBool: { true: 'e', false: 'f' },
  }],
  ['a oneof of an empty text', 'Choice', 'text: ""', { text: '' }],
  ['a oneof of zero', 'Choice', 'number: 0', { number: '0' }],
  ['a oneof of false', 'Choice', 'yes: false', { yes: false }],
  ['a oneof of no bytes', 'Choice', 'raw: ""', { raw: '' }],
  ['a oneof of the first enum value', 'Choice', 'color: COLOR_UNSPECIFIED', { color: 'COLOR_UNSPECIFIED' }],
  ['a oneof of a message', 'Choice', 'scalars {}', { scalars: {} }],
  ['a oneof of null', 'Choice', 'nothing: NULL_VALUE', { nothing: null }],
  ['a oneof of Empty', 'Choice', 'empty {}', { empty: {} }],
  ['optional fields that are set to nothing', 'Optionals',
   'i32: 0 i64: 0 twice: -0 yes: false text: "" raw: "" color: COLOR_UNSPECIFIED scalars {}',
   { i32: 0, i64: '0', twice: -0, yes: false, text: '', raw: '', color: 'COLOR_UNSPECIFIED', scalars: {} }],
  ['optional fields that are not set', 'Optionals', '', {}],
  ['names', 'Names',
   'snake_case_name: 1 camelCase: 2 _leading: 3 trailing_: 4 two__lines: 5 with_1_digit: 6 UPPER: 7 renamed: 8', {
     snakeCaseName: 1, camelCase: 2, Leading: 3, trailing: 4, twoLines: 5, with1Digit: 6, UPPER: 7, '@ "odd" größe': 8,
   }],
  ['messages in messages', 'Tree', 'name: "a" children { name: "b" children {} } children { name: "c" }',
   { name: 'a', children: [{ name: 'b', children: [{}] }, { name: 'c' }] }],
  ['times', 'WellKnown', `
      times {} times { nanos: 1 } times { nanos: 1000 } times { nanos: 1000000 } times { nanos: 120000000 } times { seconds: -1 nanos: 500000000 }
      times { seconds: -62135596800 } times { seconds: 253402300799 nanos: 999999999 }`, {
    times: ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000000001Z', '1970-01-01T00:00:00.000001Z', '1970-01-01T00:00:00.001Z',
            '1970-01-01T00:00:00.120Z', '1969-12-31T23:59:59.500Z', '0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999999999Z'],
  }],
  ...[['', '0s'], ['seconds: 3', '3s'], ['seconds: 3 nanos: 1', '3.000000001s'], ['nanos: 1000000', '0.001s'],
      ['nanos: -500000000', '-0.500s'], ['seconds: -1 nanos: -1000', '-1.000001s'], ['seconds: 315576000000', '315576000000s'],
  ].map(([text, span]) => [`a duration of ${span}`, 'WellKnown', `span { ${text} }`, { span }]),
  ['JSON values', 'WellKnown', `
      object { fields { key: "n" value { null_value: NULL_VALUE } } fields { key: "l" value { list_value {} } }
               fields { key: "o" value { struct_value { fields { key: "" value { number_value: 1.5 } } } } } }
      value { list_value { values { bool_value: false } values { string_value: "" } values { number_value: -0 } } }
      list { values { struct_value {} } } values { null_value: NULL_VALUE } values { number_value: 1e21 }`, {
    object: { n: null, l: [], o: { '': 1.5 } }, value: [false, '', -0], list: [{}], values: [null, 1e21],
  }],
  ['JSON values that are empty or null', 'WellKnown', 'object {} list {} value { null_value: NULL_VALUE }',
   { object: {}, list: [], value: null }],
  ['a mask and an Empty', 'WellKnown', 'mask { paths: "a" paths: "long_name.field.b_c" } empty {}', { mask: 'a,longName.field.bC', empty: {} }],
  ['a mask without paths', 'WellKnown', 'mask {}', { mask: '' }],
  ['wrappers', 'WellKnown', `
      double_value { value: 0.1 } float_value { value: 0.5 } int64_value { value: -5 } uint64_value { value: 18446744073709551615 }
      int32_value { value: -5 } uint32_value { value: 5 } bool_value { value: true } string_value { value: "s" } bytes_value { value: "a" }
      int64_values {} int64_values { value: 3 }`, {
    doubleValue: 0.1, floatValue: 0.5, int64Value: '-5', uint64Value: '18446744073709551615', int32Value: -5, uint32Value: 5,
    boolValue: true, stringValue: 's', bytesValue: 'YQ==', int64Values: ['0', '3'],
  }],
  ['wrappers of nothing', 'WellKnown', `
      double_value {} float_value {} int64_value {} uint64_value {} int32_value {} uint32_value {} bool_value {} string_value {} bytes_value {}`, {
    doubleValue: 0, floatValue: 0, int64Value: '0', uint64Value: '0', int32Value: 0, uint32Value: 0, boolValue: false,
    stringValue: '', bytesValue: '',
  }],
  ['Anys of the set, of well-known types, and of Anys', 'WellKnown', `
      any { [${ANY}.Scalars] { i64: 5 } }
      anys { [type.googleapis.com/google.protobuf.Duration] { seconds: 2 } }
      anys { [type.googleapis.com/google.protobuf.Value] { number_value: 1 } }
      anys { [type.googleapis.com/google.protobuf.Struct] {} }
      anys { [type.googleapis.com/google.protobuf.Int64Value] { value: 6 } }
      anys { [type.googleapis.com/google.protobuf.Any] { [${ANY}.Tree] { name: "in" } } }
      anys { type_url: "example.org/a/sluice.test.Tree" }
      anys {}`, {
    any: { '@type': `${ANY}.Scalars`, i64: '5' },
    anys: [
      { '@type': 'type.googleapis.com/google.protobuf.Duration', value: '2s' },
      { '@type': 'type.googleapis.com/google.protobuf.Value', value: 1 },
      { '@type': 'type.googleapis.com/google.protobuf.Struct', value: {} },
      { '@type': 'type.googleapis.com/google.protobuf.Int64Value', value: '6' },
      { '@type': 'type.googleapis.com/google.protobuf.Any', value: { '@type': `${ANY}.Tree`, name: 'in' } },
      { '@type': 'example.org/a/sluice.test.Tree' },
      {},
    ],
  }],
  ['Anys of well-known types that are nothing', 'WellKnown', [
    'Struct', 'ListValue', 'Int64Value', 'StringValue', 'BoolValue', 'DoubleValue', 'FloatValue', 'BytesValue', 'Timestamp',
    'Duration', 'FieldMask', 'Any'].map((name) => `anys { type_url: "type.googleapis.com/google.protobuf.${name}" }`).join(' '), {
    anys: [['Struct', {}], ['ListValue', []], ['Int64Value', '0'], ['StringValue', ''], ['BoolValue', false], ['DoubleValue', 0],
           ['FloatValue', 0], ['BytesValue', ''], ['Timestamp', '1970-01-01T00:00:00Z'], ['Duration', '0s'], ['FieldMask', ''],
           ['Any', {}]].map(([name, value]) => ({ '@type': `type.googleapis.com/google.protobuf.${name}`, value })),
  }],
  ['a field that is there twice', 'Scalars', { hex: '08010802' }, { i32: 2 }],
  ['a message that is there twice', 'Choice', { hex: '320208013203720162' }, { scalars: { i32: 1, text: 'b' } }],
  ['two fields of a oneof', 'Choice', { hex: '0a0161 1002' }, { number: '2' }],
  ['a list in two parts', 'Lists', { hex: '08012a0161 0802 0a020304' }, { i32: [1, 2, 3, 4], text: ['a'] }],
  ['a map key that is there twice', 'Maps', { hex: '0a060a0161120162 0a060a0161120163' }, { text: { a: 'c' } }],
  ['a map entry without key and value', 'Maps', { hex: '0a00' }, { text: { '': '' } }],
  ['zeros that are written out', 'Scalars', { hex: '08006800 7200' }, {}],
  ['fields that nobody knows', 'Scalars', { hex: '0801 a00601 a20602 0801' }, { i32: 1 }],
  ['fields in another order', 'Scalars', { hex: '720162 0801' }, { i32: 1, text: 'b' }],
];

// The same for google.protobuf.Value, published as `json`.
const VALUES = [
  ['null', 'null_value: NULL_VALUE', null],
  ['true', 'bool_value: true', true],
  ['false', 'bool_value: false', false],
  ...[0, -0, 1, -1, 0.1, 1e21, 1e20, -1e21, 1e-7, 123456789.125, 2 ** 53, 5e-324, 1.7976931348623157e308, 0.30000000000000004]
      .map((number) => [`the number ${Object.is(number, -0) ? '-0' : number}`, `number_value: ${Object.is(number, -0) ? '-0' : number}`, number]),
  ['the number 2^53 + 1', 'number_value: 9007199254740993', 2 ** 53],
  ['an empty text', 'string_value: ""', ''],
  ['text of all kinds', String.raw`string_value: "é😀\342\200\250\342\200\251\"\\/\001\010\t\n\014\r\033\177<a>&\000"`,
   'é😀\u2028\u2029"\\/\u0001\b\t\n\f\r\u001b\u007f<a>&\0'],
  ['an empty object', 'struct_value {}', {}],
  ['an empty list', 'list_value {}', []],
  ['an object of all kinds', `struct_value {
      fields { key: "" value { list_value { values { list_value {} } values { struct_value {} } } } }
      fields { key: "\\342\\200\\250" value { null_value: NULL_VALUE } }
      fields { key: "__proto" value { struct_value { fields { key: "a" value { number_value: 1.5 } } } } } }`,
   { '': [[], {}], '\u2028': null, __proto: { a: 1.5 } }],
];

module.exports = { MESSAGES, VALUES };
