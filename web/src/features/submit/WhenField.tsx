import {
  Alert,
  Group,
  Input,
  Radio,
  SegmentedControl,
  Select,
  Stack,
  TextInput,
} from '@mantine/core';
import { useMemo } from 'react';
import { now } from '../../ui/time';
import type { When } from './draft';
import type { FormPart } from './form';
import { momentsOf, tomorrowAtNine, zones } from './zone';

// When it runs: now, in a while, or at a time of a zone's clocks.
export function WhenField({ draft, change, faultAt, label }: FormPart) {
  const known = useMemo(zones, []);
  const moments = draft.at === '' ? [] : momentsOf(draft.at, draft.zone);
  const choose = (choice: string) =>
    choice === 'tomorrow'
      ? change({ when: 'at', at: tomorrowAtNine(now(), draft.zone), second: false })
      : change({ when: choice as When });
  const tomorrow = draft.when === 'at' && draft.at === tomorrowAtNine(now(), draft.zone);
  return (
    <Stack gap={4}>
      <Input.Label labelElement="div" id="when-label">
        {label('When', draft.when === 'at' ? 'scheduledFor' : 'delayMs')}
      </Input.Label>
      <Group gap="xs">
        <SegmentedControl
          aria-labelledby="when-label"
          size="xs"
          value={tomorrow ? 'tomorrow' : draft.when}
          onChange={choose}
          data={[
            { value: 'now', label: 'Now' },
            { value: '5m', label: 'In 5 min' },
            { value: '1h', label: 'In 1 h' },
            { value: 'tomorrow', label: 'Tomorrow 09:00' },
            { value: 'at', label: 'At…' },
          ]}
        />
      </Group>
      {draft.when === 'at' && (
        <Group gap="xs" align="flex-start">
          <TextInput
            type="datetime-local"
            label="Time"
            value={draft.at}
            error={faultAt('/scheduledFor')}
            onChange={(event) => change({ at: event.currentTarget.value, second: false })}
          />
          <Select
            label="Zone"
            searchable
            data={known.includes(draft.zone) ? known : [draft.zone, ...known]}
            value={draft.zone}
            allowDeselect={false}
            limit={60}
            onChange={(zone) => zone && change({ zone, second: false })}
          />
        </Group>
      )}
      {draft.when === 'at' && moments.length > 1 && (
        <Alert color="yellow" variant="outline" title="This time comes twice">
          <Radio.Group
            label="The clocks of this zone are set back over it. Which one?"
            value={draft.second ? '1' : '0'}
            onChange={(value) => change({ second: value === '1' })}
          >
            <Group mt={4}>
              {moments.map((at, i) => (
                <Radio
                  key={at}
                  value={String(i)}
                  label={`${i === 0 ? 'First' : 'Second'}, ${new Date(at).toISOString().slice(11, 16)} UTC`}
                />
              ))}
            </Group>
          </Radio.Group>
        </Alert>
      )}
    </Stack>
  );
}
