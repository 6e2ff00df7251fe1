import { Alert, Button, Checkbox, Group, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { isProblem } from '../../api/problem';
import type { EventType } from '../../api/webhooks';
import { EVENTS } from '../../shared/states';
import { CurlButton } from '../../ui/CurlButton';
import type { CurlCall } from '../../ui/curl';
import { failureOf } from '../../ui/failure';

export interface EndpointBody {
  url: string;
  description: string | null;
  events: EventType[] | null;
}

// URL, description and events of an endpoint, new or known.
export function EndpointForm({
  start,
  verb,
  busy,
  disabled = false,
  error,
  callOf,
  onSend,
}: {
  start: EndpointBody;
  verb: string;
  busy: boolean;
  disabled?: boolean;
  error: unknown;
  callOf: (body: string) => CurlCall;
  onSend: (body: EndpointBody) => void;
}) {
  const [url, setUrl] = useState(start.url);
  const [description, setDescription] = useState(start.description ?? '');
  const [events, setEvents] = useState<string[]>(start.events ?? [...EVENTS]);
  const chosen = EVENTS.filter((one) => events.includes(one));
  const body: EndpointBody = {
    url: url.trim(),
    description: description.trim() === '' ? null : description.trim(),
    events: chosen.length === EVENTS.length ? null : chosen,
  };
  const faults = isProblem(error) ? error.faults : [];
  const faultAt = (pointer: string) =>
    faults.find((one) => one.pointer.startsWith(pointer))?.detail;
  const failure = error ? failureOf(error, 'Not saved') : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSend(body);
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="sm" maw={720}>
        <TextInput
          label="URL"
          type="url"
          required
          disabled={disabled}
          value={url}
          error={faultAt('/url')}
          onChange={(event) => setUrl(event.currentTarget.value)}
        />
        <TextInput
          label="Description"
          maxLength={256}
          disabled={disabled}
          value={description}
          error={faultAt('/description')}
          onChange={(event) => setDescription(event.currentTarget.value)}
        />
        <Checkbox.Group
          label="Events"
          value={events}
          error={faultAt('/events')}
          onChange={setEvents}
        >
          <Group gap="sm" mt={6}>
            {EVENTS.map((one) => (
              <Checkbox key={one} value={one} label={one} disabled={disabled} />
            ))}
          </Group>
        </Checkbox.Group>
        {failure && (
          <Alert color="red" variant="outline" role="alert" title={failure.what}>
            {failure.detail}
          </Alert>
        )}
        <Group>
          <Button
            type="submit"
            loading={busy}
            disabled={disabled || body.url === '' || chosen.length === 0}
          >
            {verb}
          </Button>
          <CurlButton call={callOf(JSON.stringify(body))} />
          {disabled && <Text size="sm">Needs the scope manage.</Text>}
        </Group>
      </Stack>
    </form>
  );
}
