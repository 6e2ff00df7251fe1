import { Alert, Button, Checkbox, Code, Group, Stack, Tabs, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useLocation } from 'wouter';
import { isProblem } from '../../api/problem';
import { SignInForm } from '../../api/SignInForm';
import { type Registered, register } from '../../api/session';
import { CopyButton } from '../../ui/CopyButton';
import classes from './WelcomePage.module.css';

// The door: a new tenant, or a key.
export default function WelcomePage({ onSignedIn }: { onSignedIn: () => Promise<void> }) {
  const [path, navigate] = useLocation();
  const [made, setMade] = useState<Registered | null>(null);
  // The pages take over once the session is known, and lead to `next`: to go there from here would
  // only meet this door again.
  const begin = () => {
    navigate(`/signin?next=${encodeURIComponent('/submit?first=1')}`, { replace: true });
    void onSignedIn();
  };
  return (
    <main className={classes.door}>
      <section className={classes.panel}>
        <h1>Belfry</h1>
        <Text c="dimmed" size="sm" mb="md">
          Work that runs later, again, in order of importance, or somewhere else. Here you see all
          of it.
        </Text>
        {made ? (
          <OnceShown made={made} onStored={begin} />
        ) : (
          <Tabs defaultValue={path === '/signin' ? 'signin' : 'register'} keepMounted={false}>
            <Tabs.List mb="md" grow>
              <Tabs.Tab value="register">Register</Tabs.Tab>
              <Tabs.Tab value="signin">Sign in</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="register">
              <RegisterForm onMade={setMade} />
            </Tabs.Panel>
            <Tabs.Panel value="signin">
              <SignInForm onDone={() => void onSignedIn()} />
            </Tabs.Panel>
          </Tabs>
        )}
      </section>
    </main>
  );
}

function RegisterForm({ onMade }: { onMade: (made: Registered) => void }) {
  const [name, setName] = useState('');
  const [invitation, setInvitation] = useState('');
  const [asksInvitation, setAsksInvitation] = useState(false);
  const [failure, setFailure] = useState('');
  const [nameFault, setNameFault] = useState('');
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setFailure('');
    setNameFault('');
    try {
      onMade(await register(name.trim(), invitation.trim()));
    } catch (error) {
      if (!isProblem(error)) setFailure(String(error));
      else {
        const fault = error.faults.find((one) => one.pointer === '/tenantName');
        if (fault) setNameFault(fault.detail);
        else setFailure(error.detail || error.title);
        if (/invitation/i.test(error.detail)) setAsksInvitation(true);
      }
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack gap="sm">
        <TextInput
          label="Name"
          description="Of the service or team whose tasks these will be"
          value={name}
          error={nameFault}
          required
          maxLength={128}
          autoComplete="organization"
          onChange={(event) => setName(event.currentTarget.value)}
        />
        {asksInvitation && (
          <TextInput
            label="Invitation"
            value={invitation}
            onChange={(event) => setInvitation(event.currentTarget.value)}
          />
        )}
        {failure && (
          <Alert color="red" variant="outline" role="alert">
            {failure}
          </Alert>
        )}
        <Button type="submit" loading={busy} disabled={name.trim() === ''}>
          Register
        </Button>
      </Stack>
    </form>
  );
}

function OnceShown({ made, onStored }: { made: Registered; onStored: () => void }) {
  const [stored, setStored] = useState(false);
  const file = `BELFRY_TENANT_ID=${made.tenantId}\nBELFRY_API_KEY=${made.apiKey}\nBELFRY_WEBHOOK_SECRET=${made.webhookSecret}\n`;
  const download = () => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([file], { type: 'text/plain' }));
    link.download = 'belfry.env';
    link.click();
    URL.revokeObjectURL(link.href);
  };
  const line = (label: string, secret: string) => (
    <div>
      <Text size="sm" fw={600}>
        {label}
      </Text>
      <Group wrap="nowrap" gap="xs">
        <Code block flex={1} miw={0} tabIndex={0} aria-label={label} className={classes.secret}>
          {secret}
        </Code>
        <CopyButton text={secret} label={`Copy the ${label.toLowerCase()}`} />
      </Group>
    </div>
  );
  return (
    <Stack gap="sm">
      <h2>«{made.session.tenantName}» is registered</h2>
      <Text size="sm">
        These are shown once and cannot be read again. Your services sign in with the key and check
        webhooks with the secret.
      </Text>
      {line('Tenant id', made.tenantId)}
      {line('API key', made.apiKey)}
      {line('Webhook secret', made.webhookSecret)}
      <Group>
        <Button variant="default" onClick={download}>
          Download as .env
        </Button>
      </Group>
      <Checkbox
        label="I have stored it"
        checked={stored}
        onChange={(event) => setStored(event.currentTarget.checked)}
      />
      <Button disabled={!stored} onClick={onStored}>
        Continue
      </Button>
    </Stack>
  );
}
