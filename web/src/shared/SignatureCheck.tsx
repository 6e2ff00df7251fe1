import { Button, Group, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { check, type Verdict } from './signature';

const WORDS: Record<Verdict, string> = {
  right: 'Right: this secret signed this body.',
  wrong: 'Wrong: another secret, another body, or another time was signed.',
  'bad-secret': 'This is no secret: it is whsec_ and base64.',
};

// Checks a signature that a receiver got. Secret and answer stay in this page.
export function SignatureCheck({ id, body }: { id: string; body: string }) {
  const [timestamp, setTimestamp] = useState('');
  const [signatures, setSignatures] = useState('');
  const [secret, setSecret] = useState('');
  const [verdict, setVerdict] = useState<Verdict>();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void check({ id, timestamp: timestamp.trim(), body, signatures, secret }).then(setVerdict);
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="xs" maw={560}>
        <Text size="sm">
          Paste what your receiver got. It is computed in this browser and sent nowhere; the body is
          the one above.
        </Text>
        <TextInput
          label="webhook-timestamp"
          required
          value={timestamp}
          onChange={(event) => setTimestamp(event.currentTarget.value)}
        />
        <TextInput
          label="webhook-signature"
          required
          value={signatures}
          onChange={(event) => setSignatures(event.currentTarget.value)}
        />
        <PasswordInput
          label="Secret"
          required
          autoComplete="off"
          value={secret}
          onChange={(event) => setSecret(event.currentTarget.value)}
          visibilityToggleButtonProps={{ 'aria-label': 'Show the secret' }}
        />
        <Group>
          <Button type="submit" size="xs" variant="default">
            Check the signature
          </Button>
          <Text size="sm" role="status">
            {verdict && WORDS[verdict]}
          </Text>
        </Group>
      </Stack>
    </form>
  );
}
