import { Alert, Button, Group, Modal, NumberInput, Stack } from '@mantine/core';
import { type FormEvent, useEffect, useState } from 'react';
import { isProblem } from '../../api/problem';
import { type Tenant, useSetLimits } from '../../api/tenants';
import { CurlButton } from '../../ui/CurlButton';

const FIELDS = [
  {
    key: 'runningMax',
    label: 'Running at once, at most',
    description: 'Tasks that run at the same time',
  },
  { key: 'weight', label: 'Weight', description: 'Its share among tenants that have work' },
  {
    key: 'unfinishedMax',
    label: 'Unfinished, at most',
    description: 'Tasks that wait or run; more are refused with 429',
  },
  {
    key: 'storedBytesMax',
    label: 'Bytes kept, at most',
    description: 'Payloads, results, deliveries; more are refused with 429',
  },
  {
    key: 'requestsPerSecond',
    label: 'Calls a second, at most',
    description: '0 is no limit',
  },
] as const;

export function LimitsDialog({ tenant, onClose }: { tenant: Tenant | null; onClose: () => void }) {
  return (
    <Modal
      opened={tenant !== null}
      onClose={onClose}
      title={tenant ? `Limits of ${tenant.tenantName}` : ''}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {tenant && <Form key={tenant.tenantId} tenant={tenant} onClose={onClose} />}
    </Modal>
  );
}

function Form({ tenant, onClose }: { tenant: Tenant; onClose: () => void }) {
  const [limits, setLimits] = useState(tenant.limits);
  const set = useSetLimits();
  useEffect(() => setLimits(tenant.limits), [tenant]);
  const changed = Object.fromEntries(
    FIELDS.filter(({ key }) => limits[key] !== tenant.limits[key]).map(({ key }) => [
      key,
      limits[key],
    ]),
  );
  const problem = isProblem(set.error) ? set.error : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    set.mutate(
      { tenantId: tenant.tenantId, limits: changed as Tenant['limits'] },
      { onSuccess: onClose },
    );
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        {FIELDS.map(({ key, label, description }) => (
          <NumberInput
            key={key}
            label={label}
            description={description}
            min={key === 'runningMax' || key === 'weight' ? 1 : 0}
            allowDecimal={false}
            value={limits[key] ?? ''}
            error={problem?.faults.find((one) => one.pointer === `/${key}`)?.detail}
            onChange={(value) =>
              setLimits({ ...limits, [key]: value === '' ? null : Number(value) })
            }
          />
        ))}
        {problem && problem.faults.length === 0 && (
          <Alert color="red" variant="outline" role="alert">
            {problem.detail || problem.title}
          </Alert>
        )}
        <Group justify="flex-end">
          <CurlButton
            call={{
              method: 'PATCH',
              path: `/api/v1/admin/tenants/${tenant.tenantId}/limits`,
              body: JSON.stringify(changed),
            }}
          />
          <Button
            type="submit"
            loading={set.isPending}
            disabled={Object.keys(changed).length === 0}
          >
            Set limits
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
