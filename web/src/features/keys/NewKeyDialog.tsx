import { Alert, Button, Checkbox, Group, Modal, Stack, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { type NewKey, useCreateKey } from '../../api/keys';
import { isProblem } from '../../api/problem';
import { useSession } from '../../api/session_context';
import { CurlButton } from '../../ui/CurlButton';
import { failureOf } from '../../ui/failure';
import { SecretOnce } from '../../ui/SecretOnce';
import { now } from '../../ui/time';
import { proposedExpiry, SCOPE_WORDS, SCOPES } from './words';

// Makes a key with scopes that one holds oneself, then shows it once.
export function NewKeyDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { session } = useSession();
  const held = SCOPES.filter((scope) =>
    session.kind === 'operator' ? scope !== 'worker' : session.scopes.includes(scope),
  );
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<string[]>(held);
  const [until, setUntil] = useState(() => proposedExpiry(now()));
  const create = useCreateKey();
  const body = {
    name: name.trim(),
    scopes: SCOPES.filter((scope) => scopes.includes(scope)),
    expiresAt: until === '' ? null : `${until}T00:00:00Z`,
  } satisfies NewKey;
  const faults = isProblem(create.error) ? create.error.faults : [];
  const faultAt = (pointer: string) =>
    faults.find((one) => one.pointer.startsWith(pointer))?.detail;
  const failure = create.error ? failureOf(create.error, 'No key was made') : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate(body, { onSuccess: onClose });
  };
  return (
    <>
      <Modal
        opened={opened}
        onClose={onClose}
        title="Create an API key"
        size="lg"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <form onSubmit={submit} noValidate>
          <Stack gap="sm">
            <TextInput
              label="Name"
              description="What will use it"
              required
              maxLength={128}
              value={name}
              error={faultAt('/name')}
              onChange={(event) => setName(event.currentTarget.value)}
              data-autofocus
            />
            <Checkbox.Group
              label="Scopes"
              description="Only what your own key holds can be given"
              value={scopes}
              error={faultAt('/scopes')}
              onChange={setScopes}
            >
              <Stack gap={6} mt={6}>
                {SCOPES.map((scope) => (
                  <Checkbox
                    key={scope}
                    value={scope}
                    disabled={!held.includes(scope)}
                    label={`${scope}: ${SCOPE_WORDS[scope]}`}
                  />
                ))}
              </Stack>
            </Checkbox.Group>
            <TextInput
              type="date"
              label="Expires (00:00 UTC)"
              description="90 days are proposed; empty: it does not expire"
              value={until}
              error={faultAt('/expiresAt')}
              onChange={(event) => setUntil(event.currentTarget.value)}
            />
            {failure && (
              <Alert color="red" variant="outline" role="alert" title={failure.what}>
                {failure.detail}
              </Alert>
            )}
            <Group justify="flex-end">
              <CurlButton
                call={{ method: 'POST', path: '/api/v1/api-keys', body: JSON.stringify(body) }}
              />
              <Button
                type="submit"
                loading={create.isPending}
                disabled={body.name === '' || body.scopes.length === 0}
              >
                Create key
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
      <SecretOnce
        title="Your new API key"
        words={`This is the key «${create.data?.name ?? ''}».`}
        secret={create.data?.apiKey ?? null}
        onStored={() => {
          create.reset();
          setName('');
        }}
      />
    </>
  );
}
