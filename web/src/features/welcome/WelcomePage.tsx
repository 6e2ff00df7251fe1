import { Center, Paper } from '@mantine/core';
import { SignInForm } from '../../api/SignInForm';

export default function WelcomePage({ onSignedIn }: { onSignedIn: () => Promise<void> }) {
  return (
    <Center mih="100dvh">
      <Paper p="xl" w={420} component="main">
        <h1>Belfry</h1>
        <SignInForm onDone={() => void onSignedIn()} />
      </Paper>
    </Center>
  );
}
