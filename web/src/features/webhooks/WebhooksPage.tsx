import { Button, Modal, Table, Text } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'wouter';
import { useMay } from '../../api/session_context';
import { type Endpoint, useCreateEndpoint, useEndpoints } from '../../api/webhooks';
import { disabledWords, eventWords, failingFirst } from '../../shared/states';
import { IconAlertTriangle, IconBan, IconCheck, IconPlus } from '../../theme/icons';
import { failureOf } from '../../ui/failure';
import { FailedFirst, FailedLater, NoneYet, SkeletonRows } from '../../ui/ListState';
import { PageHead } from '../../ui/PageHead';
import { SecretOnce } from '../../ui/SecretOnce';
import { TimeText } from '../../ui/TimeText';
import { EndpointForm } from './EndpointForm';

export default function WebhooksPage() {
  const endpoints = useEndpoints();
  const create = useCreateEndpoint();
  const may = useMay('manage');
  const [making, setMaking] = useState(false);
  return (
    <>
      <PageHead title="Webhooks">
        <Button component={Link} href="/webhooks/callbacks" size="xs" variant="default">
          Callback deliveries
        </Button>
        <Button
          size="xs"
          disabled={!may}
          leftSection={<IconPlus size={14} />}
          onClick={() => setMaking(true)}
        >
          Add endpoint
        </Button>
      </PageHead>
      {endpoints.data === undefined ? (
        endpoints.error ? (
          <FailedFirst
            failure={failureOf(endpoints.error, 'The endpoints could not be read')}
            onRetry={() => void endpoints.refetch()}
          />
        ) : (
          <SkeletonRows />
        )
      ) : endpoints.data.length === 0 ? (
        <NoneYet
          sentence="No endpoint yet. An endpoint is told of every event of your tasks, signed."
          action={
            <Button disabled={!may} onClick={() => setMaking(true)}>
              Add your first endpoint
            </Button>
          }
          curl={{
            method: 'POST',
            path: '/api/v1/webhooks',
            body: '{"url":"https://example.com/hook"}',
          }}
        />
      ) : (
        <>
          {endpoints.error && (
            <FailedLater
              failure={failureOf(endpoints.error, 'The endpoints could not be read')}
              onRetry={() => void endpoints.refetch()}
            />
          )}
          <Table.ScrollContainer minWidth={320} scrollAreaProps={{ tabIndex: 0 }}>
            <Table>
              <Table.Caption>Failing first.</Table.Caption>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Endpoint</Table.Th>
                  <Table.Th className="wide">Events</Table.Th>
                  <Table.Th>State</Table.Th>
                  <Table.Th className="wide">Created</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {failingFirst(endpoints.data).map((one) => (
                  <Table.Tr key={one.id}>
                    <Table.Td maw={360}>
                      <Link href={`/webhooks/${one.id}`} className="mono">
                        <bdi>{one.url}</bdi>
                      </Link>
                      {one.description && (
                        <Text size="xs">
                          <bdi>{one.description}</bdi>
                        </Text>
                      )}
                    </Table.Td>
                    <Table.Td maw={260} className="wide">
                      {eventWords(one.events)}
                    </Table.Td>
                    <Table.Td>
                      <EndpointState of={one} />
                    </Table.Td>
                    <Table.Td className="wide">
                      <TimeText at={one.createdAt} />
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </>
      )}
      <Modal
        opened={making}
        onClose={() => setMaking(false)}
        title="Add an endpoint"
        size="lg"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <EndpointForm
          start={{ url: '', description: null, events: null }}
          verb="Add endpoint"
          busy={create.isPending}
          error={create.error}
          callOf={(body) => ({ method: 'POST', path: '/api/v1/webhooks', body })}
          onSend={(body) => create.mutate(body, { onSuccess: () => setMaking(false) })}
        />
      </Modal>
      <SecretOnce
        title="The endpoint's secret"
        words="It signs every delivery to this endpoint."
        secret={create.data?.secret ?? null}
        onStored={() => create.reset()}
      />
    </>
  );
}

export function EndpointState({ of: one }: { of: Endpoint }) {
  if (!one.enabled)
    return (
      <span>
        <IconBan size={14} aria-hidden /> Disabled
        {one.disabledReason && `: ${disabledWords(one.disabledReason)}`}
      </span>
    );
  if (one.failingSince)
    return (
      <span>
        <IconAlertTriangle size={14} aria-hidden /> Failing since <TimeText at={one.failingSince} />
      </span>
    );
  return (
    <span>
      <IconCheck size={14} aria-hidden /> Enabled
    </span>
  );
}
