import {
  Button,
  Group,
  SegmentedControl,
  Stack,
  Switch,
  Text,
  useMantineColorScheme,
} from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { dataOf } from '../../api/client';
import { useScope } from '../../api/scope';
import { useMay, useSession } from '../../api/session_context';
import { ConfirmDialog } from '../../ui/ConfirmDialog';
import { CopyButton } from '../../ui/CopyButton';
import { CurlButton } from '../../ui/CurlButton';
import { failureOf } from '../../ui/failure';
import { PageHead } from '../../ui/PageHead';
import { usePreference } from '../../ui/preferences';
import { SecretOnce } from '../../ui/SecretOnce';
import { zoneName } from '../../ui/time';
import classes from './SettingsPage.module.css';

export default function SettingsPage() {
  const { session, leave } = useSession();
  const { scope } = useScope();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [time, setTime] = usePreference('time');
  const [dense, setDense] = usePreference('dense');
  const [shortcuts, setShortcuts] = usePreference('shortcuts');
  const tenantId = scope.tenant ?? session.tenantId;
  return (
    <>
      <PageHead title="Settings" />
      <Stack maw={720} gap="lg">
        <section>
          <h2>This browser</h2>
          <Choice label="Theme">
            <SegmentedControl
              aria-label="Theme"
              value={colorScheme}
              onChange={(value) => setColorScheme(value as typeof colorScheme)}
              data={[
                { value: 'auto', label: 'As the system' },
                { value: 'light', label: 'Light' },
                { value: 'dark', label: 'Dark' },
              ]}
            />
          </Choice>
          <Choice label="Times">
            <SegmentedControl
              aria-label="Times"
              value={time === 'utc' && zoneName() === 'UTC' ? 'local' : time}
              onChange={(value) => setTime(value as typeof time)}
              data={[
                { value: 'relative', label: 'Relative' },
                { value: 'local', label: zoneName() },
                ...(zoneName() === 'UTC' ? [] : [{ value: 'utc', label: 'UTC' }]),
              ]}
            />
          </Choice>
          <Choice label="Rows">
            <Switch
              label="Compact"
              checked={dense}
              onChange={(event) => setDense(event.currentTarget.checked)}
            />
          </Choice>
          <Choice label="Shortcuts">
            <Switch
              label="Single keys (? lists them)"
              checked={shortcuts}
              onChange={(event) => setShortcuts(event.currentTarget.checked)}
            />
          </Choice>
        </section>
        {tenantId && (
          <section>
            <h2>This tenant</h2>
            <Choice label="Id">
              <span className="mono">{tenantId}</span>
              <CopyButton text={tenantId} label="Copy the tenant id" />
            </Choice>
            <Choice label="Webhook secret">
              <RotateSecret />
            </Choice>
          </section>
        )}
        <section>
          <h2>This session</h2>
          <Choice label="Signed in as">
            {session.kind === 'operator' ? 'an operator' : (session.tenantName ?? session.tenantId)}
          </Choice>
          <Choice label="Scopes">
            <span className="mono">{session.scopes.join(' ')}</span>
          </Choice>
          <Choice label="Ends">
            <Text size="sm">
              after {Math.round(session.idleSeconds / 60)} min without work, and with the server
            </Text>
          </Choice>
          <Choice label="Dashboard">
            <span className="mono">{session.version}</span>
          </Choice>
          <Button variant="default" onClick={() => void leave()}>
            Sign out
          </Button>
        </section>
      </Stack>
    </>
  );
}

function Choice({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className={classes.choice}>
      <span className="dim">{label}</span>
      <Group gap="xs">{children}</Group>
    </div>
  );
}

// Of the tenant itself: it signs pushes and callbacks.
function RotateSecret() {
  const { api } = useScope();
  const may = useMay('manage');
  const [asked, setAsked] = useState(false);
  const rotate = useMutation({
    gcTime: 0,
    mutationFn: () => dataOf(api.POST('/api/v1/webhooks/secret/rotate', {})),
    onSettled: () => setAsked(false),
  });
  return (
    <>
      <Button variant="default" disabled={!may} onClick={() => setAsked(true)}>
        Rotate…
      </Button>
      {rotate.error && (
        <Text size="sm" c="red">
          {failureOf(rotate.error, '').detail}
        </Text>
      )}
      <ConfirmDialog
        busy={rotate.isPending}
        onAnswer={(yes) => (yes ? rotate.mutate() : setAsked(false))}
        question={
          asked
            ? {
                title: 'Rotate the webhook secret?',
                body: (
                  <>
                    <p>
                      A new secret signs pushes and callbacks from now on; for 24 hours the old one
                      signs, too.
                    </p>
                    <CurlButton
                      call={{ method: 'POST', path: '/api/v1/webhooks/secret/rotate', body: '{}' }}
                    />
                  </>
                ),
                verb: 'Rotate secret',
                wayOut: 'Keep it',
              }
            : null
        }
      />
      <SecretOnce
        title="The new webhook secret"
        words="It checks the signatures of pushes and callbacks."
        secret={(rotate.data as { webhookSecret?: string } | undefined)?.webhookSecret ?? null}
        onStored={() => rotate.reset()}
      />
    </>
  );
}
