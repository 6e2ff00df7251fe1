import { webcrypto } from 'node:crypto';
import { expect, it, vi } from 'vitest';
import { check, signatureOf } from './signature';

vi.stubGlobal('crypto', webcrypto);

// The example of the Standard Webhooks specification's libraries.
const given = {
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestamp: '1614265330',
  body: '{"test": 2432232314}',
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
};
const right = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';

it('makes the signature of the specification', async () => {
  expect(await signatureOf(given)).toBe(right);
});

it('takes any of several signatures, and sees a change of one byte', async () => {
  expect(await check({ ...given, signatures: `v1,AAAA ${right}` })).toBe('right');
  expect(await check({ ...given, body: '{"test": 2432232315}', signatures: right })).toBe('wrong');
  expect(await check({ ...given, secret: 'whsec_%%', signatures: right })).toBe('bad-secret');
});
