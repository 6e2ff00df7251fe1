import { Button, Group, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';
import { useLocation, useParams } from 'wouter';
import { isProblem } from '../../api/problem';
import { useMay } from '../../api/session_context';
import {
  type Endpoint,
  useChangeEndpoint,
  useEndpoint,
  useRemoveEndpoint,
  useRotateSecret,
  useTestEndpoint,
} from '../../api/webhooks';
import { ConfirmDialog, type Question } from '../../ui/ConfirmDialog';
import { CurlButton } from '../../ui/CurlButton';
import { failureOf } from '../../ui/failure';
import { FailedFirst, FailedLater, NotFound, SkeletonRows } from '../../ui/ListState';
import { PageHead } from '../../ui/PageHead';
import { SecretOnce } from '../../ui/SecretOnce';
import { TimeText } from '../../ui/TimeText';
import { Deliveries } from './Deliveries';
import { EndpointForm } from './EndpointForm';
import { EndpointState } from './WebhooksPage';

export default function EndpointPage() {
  const id = useParams<{ id: string }>().id ?? '';
  if (id === 'callbacks')
    return (
      <>
        <PageHead title="Callback deliveries" />
        <Text size="sm" mb="sm">
          What the callbackUrl of tasks was told, signed with the tenant's webhook secret.
        </Text>
        <Deliveries endpointId={null} />
      </>
    );
  return <One key={id} id={id} />;
}

function One({ id }: { id: string }) {
  const found = useEndpoint(id);
  if (!found.data) {
    if (isProblem(found.error) && found.error.status === 404)
      return (
        <NotFound sentence="No such endpoint here. It may have been removed, or belong to another tenant." />
      );
    return (
      <>
        <PageHead title="Webhook" />
        {found.error ? (
          <FailedFirst
            failure={failureOf(found.error, 'The endpoint could not be read')}
            onRetry={() => void found.refetch()}
          />
        ) : (
          <SkeletonRows />
        )}
      </>
    );
  }
  return (
    <Stack gap="md">
      {found.error && (
        <FailedLater
          failure={failureOf(found.error, 'The endpoint could not be read')}
          onRetry={() => void found.refetch()}
        />
      )}
      <Parts endpoint={found.data} />
    </Stack>
  );
}

type Act = 'rotate' | 'remove' | 'disable';

function questionOf(act: Act, endpoint: Endpoint): Question {
  const path = `/api/v1/webhooks/${endpoint.id}`;
  if (act === 'rotate')
    return {
      title: 'Rotate the secret of 1 endpoint?',
      body: (
        <>
          <Text size="sm">
            A new secret is made and shown once. For 24 hours both sign, so that the receiver can be
            changed meanwhile.
          </Text>
          <CurlButton call={{ method: 'POST', path: `${path}/rotate` }} />
        </>
      ),
      verb: 'Rotate 1 secret',
      wayOut: 'Keep it',
    };
  if (act === 'disable')
    return {
      title: 'Disable 1 endpoint?',
      body: (
        <>
          <Text size="sm">Nothing is delivered to it until it is enabled again.</Text>
          <CurlButton call={{ method: 'PATCH', path, body: '{"enabled":false}' }} />
        </>
      ),
      verb: 'Disable 1 endpoint',
      wayOut: 'Keep it on',
    };
  return {
    title: 'Remove 1 endpoint?',
    body: (
      <>
        <Text size="sm">
          <span className="mono">{endpoint.url}</span> gets nothing any more. This cannot be undone.
        </Text>
        <CurlButton call={{ method: 'DELETE', path }} />
      </>
    ),
    verb: 'Remove 1 endpoint',
    wayOut: 'Keep it',
    destructive: true,
  };
}

function Parts({ endpoint }: { endpoint: Endpoint }) {
  const may = useMay('manage');
  const [, navigate] = useLocation();
  const [asked, setAsked] = useState<Act | null>(null);
  const [editing, setEditing] = useState(false);
  const change = useChangeEndpoint(endpoint.id);
  const toggle = useChangeEndpoint(endpoint.id);
  const rotate = useRotateSecret(endpoint.id);
  const remove = useRemoveEndpoint(endpoint.id);
  const test = useTestEndpoint(endpoint.id);
  const told = (what: string) => ({
    onError: (error: unknown) => {
      const failure = failureOf(error, what);
      notifications.show({ color: 'red', title: failure.what, message: failure.detail });
    },
    onSettled: () => setAsked(null),
  });
  const enable = (enabled: boolean) => toggle.mutate({ enabled }, told('Not changed'));
  const onAnswer = (yes: boolean) => {
    if (!yes) setAsked(null);
    else if (asked === 'rotate') rotate.mutate(undefined, told('Not rotated'));
    else if (asked === 'disable') enable(false);
    else if (asked === 'remove')
      remove.mutate(undefined, {
        ...told('Not removed'),
        onSuccess: () => navigate('/webhooks', { replace: true }),
      });
  };
  const path = `/api/v1/webhooks/${endpoint.id}`;
  return (
    <>
      <PageHead title={endpoint.description || 'Webhook'}>
        <Button
          size="xs"
          disabled={!may}
          loading={test.isPending}
          onClick={() =>
            test.mutate(undefined, {
              ...told('No test was sent'),
              onSuccess: () => notifications.show({ message: 'A test is on its way.' }),
            })
          }
        >
          Send a test
        </Button>
        <CurlButton call={{ method: 'POST', path: `${path}/test` }} />
        <Button size="xs" variant="default" disabled={!may} onClick={() => setEditing(!editing)}>
          {editing ? 'Close the form' : 'Edit'}
        </Button>
        <Button size="xs" variant="default" disabled={!may} onClick={() => setAsked('rotate')}>
          Rotate secret
        </Button>
        <Button
          size="xs"
          variant="default"
          w={90}
          disabled={!may}
          loading={toggle.isPending}
          onClick={() => (endpoint.enabled ? setAsked('disable') : enable(true))}
        >
          {endpoint.enabled ? 'Disable' : 'Enable'}
        </Button>
        <Button size="xs" variant="default" disabled={!may} onClick={() => setAsked('remove')}>
          Remove
        </Button>
      </PageHead>
      <Stack gap={4} className="card">
        <span className="mono" style={{ overflowWrap: 'anywhere' }}>
          {endpoint.url}
        </span>
        <Group gap="md">
          <Text size="sm" component="div">
            <EndpointState of={endpoint} />
          </Text>
          {endpoint.previousSecretUntil && (
            <Text size="sm" component="div">
              The previous secret still signs until <TimeText at={endpoint.previousSecretUntil} />
            </Text>
          )}
        </Group>
      </Stack>
      {editing && (
        <EndpointForm
          start={{
            url: endpoint.url,
            description: endpoint.description || null,
            events: endpoint.events.length === 0 ? null : endpoint.events,
          }}
          verb="Save endpoint"
          disabled={!may}
          busy={change.isPending}
          error={change.error}
          callOf={(body) => ({ method: 'PATCH', path, body })}
          onSend={(body) => change.mutate(body, { onSuccess: () => setEditing(false) })}
        />
      )}
      <Deliveries endpointId={endpoint.id} />
      <ConfirmDialog
        question={asked && questionOf(asked, endpoint)}
        busy={rotate.isPending || remove.isPending || toggle.isPending}
        onAnswer={onAnswer}
      />
      <SecretOnce
        title="The endpoint's new secret"
        words="It signs every delivery to this endpoint from now on."
        secret={rotate.data?.secret ?? null}
        onStored={() => rotate.reset()}
      >
        {rotate.data?.previousSecretUntil && (
          <Text size="sm" component="div">
            The previous secret still signs until{' '}
            <TimeText at={rotate.data.previousSecretUntil} exact />.
          </Text>
        )}
      </SecretOnce>
    </>
  );
}
