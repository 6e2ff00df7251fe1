import {
  Autocomplete,
  Group,
  Input,
  SegmentedControl,
  Select,
  Stack,
  Switch,
  Text,
  TextInput,
} from '@mantine/core';
import { JsonView } from '../../ui/JsonView';
import type { Amount, TargetKind } from './draft';
import type { FormPart } from './form';

interface Props extends FormPart {
  names: string[];
  queues: string[];
}

// The browser's own number field: the library's weighs 10 KB.
const amountOf = (input: HTMLInputElement): Amount =>
  input.value === '' ? '' : input.valueAsNumber;

// What, where, and with what: all that most tasks need.
export function MainFields({ draft, change, faultAt, label, names, queues }: Props) {
  return (
    <Stack gap="sm">
      <Autocomplete
        label={label('Task name', 'taskName')}
        description="What kind of work it is"
        required
        data={names}
        limit={20}
        value={draft.taskName}
        error={faultAt('/taskName')}
        onChange={(taskName) => change({ taskName })}
        maxLength={256}
      />
      <Input.Wrapper
        label={label('Target', 'target')}
        labelElement="div"
        error={faultAt('/target')}
        description={TARGET_WORDS[draft.target]}
      >
        <SegmentedControl
          mt={4}
          size="xs"
          aria-label="Target"
          value={draft.target}
          onChange={(target) => change({ target: target as TargetKind })}
          data={[
            { value: 'default', label: "Queue's default" },
            { value: 'echo', label: 'Echo' },
            { value: 'http', label: 'HTTP' },
            { value: 'worker', label: 'Worker' },
          ]}
        />
      </Input.Wrapper>
      {draft.target === 'http' && (
        <Group align="flex-start" gap="sm" wrap="nowrap">
          <Select
            w={110}
            label="Method"
            allowDeselect={false}
            data={['POST', 'PUT', 'PATCH', 'GET', 'DELETE']}
            value={draft.method}
            error={faultAt('/target/method')}
            onChange={(method) => method && change({ method })}
          />
          <TextInput
            flex={1}
            label="URL"
            type="url"
            required
            value={draft.url}
            error={faultAt('/target/url')}
            onChange={(event) => change({ url: event.currentTarget.value })}
          />
        </Group>
      )}
      {draft.target === 'echo' && (
        <Group align="flex-start" gap="sm">
          <TextInput
            type="number"
            w={160}
            label="Answer after, ms"
            placeholder="0"
            min={0}
            max={3_600_000}
            value={draft.echoDelayMs}
            error={faultAt('/target/delayMs')}
            onChange={(event) => change({ echoDelayMs: amountOf(event.currentTarget) })}
          />
          <TextInput
            type="number"
            w={160}
            label="Fail first, times"
            placeholder="0"
            min={0}
            max={100}
            value={draft.echoFailTimes}
            error={faultAt('/target/failTimes')}
            onChange={(event) => change({ echoFailTimes: amountOf(event.currentTarget) })}
          />
        </Group>
      )}
      <div>
        <Group justify="space-between" mb={4}>
          <Input.Label labelElement="div">{label('Payload', 'payload')}</Input.Label>
          <Switch
            size="xs"
            label="Plain text"
            checked={draft.plain}
            onChange={(event) => change({ plain: event.currentTarget.checked })}
          />
        </Group>
        <JsonView
          text={draft.payload}
          label="Payload"
          minLines={8}
          plain={draft.plain}
          onChange={(payload) => change({ payload })}
        />
        {faultAt('/payload') && (
          <Text size="xs" c="var(--bad)" mt={4} role="alert">
            {faultAt('/payload')}
          </Text>
        )}
      </div>
      <Autocomplete
        label={label('Queue', 'queue')}
        placeholder="default"
        data={queues}
        limit={20}
        value={draft.queue}
        error={faultAt('/queue')}
        onChange={(queue) => change({ queue })}
      />
    </Stack>
  );
}

const TARGET_WORDS: Record<TargetKind, string> = {
  default: 'Where the queue sends tasks that name no target',
  echo: 'Built in; answers with the payload, for trying things',
  http: 'The payload is posted to a URL',
  worker: 'Waits until a worker pulls it',
};
