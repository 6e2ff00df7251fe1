import { describe, expect, it } from 'vitest';
import { endOfValue, indented, rawMember } from './raw_json';

const TWENTY_DIGITS = '{"id":12345678901234567890,"pi":3.14000,"e":1E400}';

describe('rawMember', () => {
  it('cuts a value out as it was written', () => {
    const answer = `{ "status" : "PENDING" , "payload" : ${TWENTY_DIGITS} , "result":null}`;
    expect(rawMember(answer, 'payload')).toBe(TWENTY_DIGITS);
    expect(rawMember(answer, 'result')).toBe('null');
    expect(rawMember(answer, 'nothing')).toBeNull();
  });
  it('is not misled by text that looks like structure', () => {
    const answer = '{"a":"\\"payload\\":{1}","b":["}",{"payload":0}],"payload":"x\\\\"}';
    expect(rawMember(answer, 'payload')).toBe('"x\\\\"');
    expect(rawMember('{"p\\u0061yload":7}', 'payload')).toBe('7');
    expect(rawMember('{}', 'payload')).toBeNull();
  });
});

describe('indented', () => {
  it('keeps every digit and escape', () => {
    expect(indented(TWENTY_DIGITS)).toBe(
      '{\n  "id": 12345678901234567890,\n  "pi": 3.14000,\n  "e": 1E400\n}',
    );
    expect(indented('["a\\u0041", {} , [ ],[1]]')).toBe(
      '[\n  "a\\u0041",\n  {},\n  [],\n  [\n    1\n  ]\n]',
    );
  });
  it('means the same value', () => {
    const value = { a: [1, { b: 'x, y: {z}' }, []], c: null, d: 'q"\\' };
    expect(JSON.parse(indented(JSON.stringify(value)))).toEqual(value);
  });
});

it('endOfValue finds the end of every kind', () => {
  for (const value of ['"a"', '12', 'true', '[1,[2]]', '{"a":{"b":"}"}}']) {
    expect(endOfValue(`${value},1`, 0)).toBe(value.length);
  }
});
