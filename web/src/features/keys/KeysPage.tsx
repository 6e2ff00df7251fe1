import { Button, Table, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';
import { type ApiKey, useKeys, useRevokeKey } from '../../api/keys';
import { useMay } from '../../api/session_context';
import { IconPlus } from '../../theme/icons';
import { ConfirmDialog } from '../../ui/ConfirmDialog';
import { CurlButton } from '../../ui/CurlButton';
import { failureOf } from '../../ui/failure';
import { FailedFirst, FailedLater, NoneYet, SkeletonRows } from '../../ui/ListState';
import { PageHead } from '../../ui/PageHead';
import { TimeText } from '../../ui/TimeText';
import { now } from '../../ui/time';
import { NewKeyDialog } from './NewKeyDialog';
import { scopeWords, sortedKeys, stateOf } from './words';

export default function KeysPage() {
  const keys = useKeys();
  const revoke = useRevokeKey();
  const may = useMay('manage');
  const [making, setMaking] = useState(false);
  const [asked, setAsked] = useState<ApiKey | null>(null);
  const onAnswer = (yes: boolean) => {
    const key = asked;
    if (!yes || !key) return setAsked(null);
    revoke.mutate(key.id, {
      onSuccess: () => notifications.show({ message: `Revoked the key ${key.name}.` }),
      onError: (error) => {
        const failure = failureOf(error, 'Not revoked');
        notifications.show({ color: 'red', title: failure.what, message: failure.detail });
      },
      onSettled: () => setAsked(null),
    });
  };
  const create = (
    <Button
      size="xs"
      disabled={!may}
      leftSection={<IconPlus size={14} />}
      onClick={() => setMaking(true)}
    >
      Create key
    </Button>
  );
  return (
    <>
      <PageHead title="API keys">{create}</PageHead>
      {keys.data === undefined ? (
        keys.error ? (
          <FailedFirst
            failure={failureOf(keys.error, 'The keys could not be read')}
            onRetry={() => void keys.refetch()}
          />
        ) : (
          <SkeletonRows />
        )
      ) : keys.data.length === 0 ? (
        <NoneYet
          sentence="No API key. Create one for each thing that calls the API."
          curl={{ method: 'POST', path: '/api/v1/api-keys', body: '{"name":"ci"}' }}
        />
      ) : (
        <>
          {keys.error && (
            <FailedLater
              failure={failureOf(keys.error, 'The keys could not be read')}
              onRetry={() => void keys.refetch()}
            />
          )}
          <Table.ScrollContainer minWidth={320} scrollAreaProps={{ tabIndex: 0 }}>
            <Table>
              <Table.Caption>Last used first; the last use is known to the minute.</Table.Caption>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Name</Table.Th>
                  <Table.Th className="wide">Begins with</Table.Th>
                  <Table.Th className="wide">May</Table.Th>
                  <Table.Th>Last used</Table.Th>
                  <Table.Th className="wide">Expires</Table.Th>
                  <Table.Th aria-label="Actions" />
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {sortedKeys(keys.data, now()).map((key) => (
                  <Row key={key.id} of={key} may={may} onRevoke={() => setAsked(key)} />
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </>
      )}
      <NewKeyDialog opened={making} onClose={() => setMaking(false)} />
      <ConfirmDialog
        question={
          asked && {
            title: `Revoke 1 key, ${asked.name}?`,
            body: (
              <>
                <Text size="sm">
                  What uses it is refused at once, and it cannot be given back. Last used:{' '}
                  {asked.lastUsedAt ? <TimeText at={asked.lastUsedAt} /> : 'never'}.
                </Text>
                <CurlButton call={{ method: 'DELETE', path: `/api/v1/api-keys/${asked.id}` }} />
              </>
            ),
            verb: 'Revoke 1 key',
            wayOut: 'Keep it',
            destructive: true,
          }
        }
        busy={revoke.isPending}
        onAnswer={onAnswer}
      />
    </>
  );
}

function Row({ of: key, may, onRevoke }: { of: ApiKey; may: boolean; onRevoke: () => void }) {
  const state = stateOf(key, now());
  return (
    <Table.Tr c={state === 'active' ? undefined : 'dimmed'}>
      <Table.Td>
        <bdi>{key.name}</bdi>
      </Table.Td>
      <Table.Td className="mono wide">{key.prefix}…</Table.Td>
      <Table.Td maw={320} className="wide">
        {scopeWords(key.scopes)}
      </Table.Td>
      <Table.Td>{key.lastUsedAt ? <TimeText at={key.lastUsedAt} /> : 'never'}</Table.Td>
      <Table.Td className="wide">
        {state === 'revoked' ? (
          <>
            revoked <TimeText at={key.revokedAt} />
          </>
        ) : key.expiresAt ? (
          <>
            {state === 'expired' && 'expired '}
            <TimeText at={key.expiresAt} />
          </>
        ) : (
          'never'
        )}
      </Table.Td>
      <Table.Td ta="right">
        {state !== 'revoked' && (
          <Button
            size="compact-xs"
            variant="default"
            disabled={!may}
            aria-label={`Revoke ${key.name}`}
            onClick={onRevoke}
          >
            Revoke
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
