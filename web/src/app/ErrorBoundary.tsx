import { Button, Code, Stack, Text, Title } from '@mantine/core';
import { Component, type ReactNode } from 'react';

interface Props {
  children: ReactNode;
  // Another value (the next address) tries again.
  resetKey?: string;
}

// A page that fell over says so and can be read again; the rest of the app stays.
export class ErrorBoundary extends Component<Props, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }
  override componentDidUpdate(before: Props) {
    if (this.state.error && before.resetKey !== this.props.resetKey) this.setState({ error: null });
  }
  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <Stack p="xl" align="flex-start" role="alert">
        <Title order={1}>This page has stopped</Title>
        <Text>It met something it did not expect. Nothing was changed by that.</Text>
        <Code block>{error.message}</Code>
        <Button onClick={() => location.reload()}>Read it again</Button>
      </Stack>
    );
  }
}
