import { Alert, Button, PasswordInput, Stack } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { isProblem } from './problem';
import { signIn } from './session';

// One field for either key. The key goes to the dashboard's server and is kept nowhere here.
export function SignInForm({ onDone }: { onDone: () => void }) {
  const [key, setKey] = useState('');
  const [failure, setFailure] = useState('');
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setFailure('');
    try {
      await signIn(key);
      setKey('');
      onDone();
    } catch (error) {
      setFailure(
        isProblem(error) && error.status === 401
          ? 'This key is not known here, has expired, or was revoked. Check that all of it was copied.'
          : isProblem(error)
            ? error.detail || error.title
            : String(error),
      );
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack gap="sm">
        <PasswordInput
          label="API key"
          description="A tenant's key, or the operator's key from the file operator.key"
          value={key}
          onChange={(event) => setKey(event.currentTarget.value)}
          required
          autoComplete="current-password"
          data-autofocus
          visibilityToggleButtonProps={{ 'aria-label': 'Show the key' }}
        />
        {failure && (
          <Alert color="red" variant="outline" role="alert">
            {failure}
          </Alert>
        )}
        <Button type="submit" loading={busy} disabled={key.trim() === ''}>
          Sign in
        </Button>
      </Stack>
    </form>
  );
}
