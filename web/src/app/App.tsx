import { Center, Loader, Modal, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from 'react';
import { Redirect, Route, Router, Switch } from 'wouter';
import { prefix } from '../api/base';
import { LiveProvider } from '../api/live_context';
import { isProblem } from '../api/problem';
import { SignInForm } from '../api/SignInForm';
import { ScopeProvider } from '../api/scope';
import { readSession, type Session, type SignedIn, signOut } from '../api/session';
import { SessionContext } from '../api/session_context';
import { onSessionEnded } from '../api/session_state';
import { FailedFirst } from '../ui/ListState';
import { correctClock } from '../ui/time';
import { IdleWatch } from './IdleWatch';
import { PLACES } from './nav';
import { Shell } from './Shell';

const Welcome = lazy(() => import('../features/welcome/WelcomePage'));

// Asks who is there; then the pages, or the door.
export function App() {
  const session = useQuery({
    queryKey: ['session'],
    queryFn: readSession,
    staleTime: Number.POSITIVE_INFINITY,
    retry: 1,
  });
  useEffect(() => {
    if (session.data) correctClock(session.data.serverTime);
  }, [session.data]);
  const { refetch } = session;
  const renew = useCallback(async () => void (await refetch()), [refetch]);
  return (
    <Router base={prefix}>
      {session.data ? (
        <Signed session={session.data} renew={renew} />
      ) : session.isError ? (
        <Center mih="60vh" p="xl">
          <FailedFirst
            failure={{
              what: 'The dashboard does not answer',
              detail: isProblem(session.error) ? session.error.detail : String(session.error),
            }}
            onRetry={() => void renew()}
          />
        </Center>
      ) : (
        <Center mih="60vh">
          <Loader aria-label="Loading" />
        </Center>
      )}
    </Router>
  );
}

function Signed({ session, renew }: { session: Session; renew: () => Promise<void> }) {
  const queries = useQueryClient();
  // The last session stays when it ends by itself: the page is kept behind a dialog.
  const [last, setLast] = useState<SignedIn | null>(session.signedIn ? session : null);
  const [ended, setEnded] = useState(false);
  useEffect(() => {
    if (!session.signedIn) return;
    setLast(session);
    setEnded(false);
  }, [session]);
  useEffect(() => onSessionEnded(() => setEnded(true)), []);
  const onEnded = useCallback(() => setEnded(true), []);
  const leave = useCallback(async () => {
    await signOut();
    setLast(null);
    queries.removeQueries({ predicate: (query) => query.queryKey[0] !== 'session' });
    await renew();
  }, [queries, renew]);
  const current = session.signedIn ? session : last;
  const access = useMemo(
    () => (current ? { session: current, renew, leave } : null),
    [current, renew, leave],
  );

  if (!access) return <Doors renew={renew} />;
  return (
    <SessionContext.Provider value={access}>
      <Pages operator={access.session.kind === 'operator'} />
      <IdleWatch onEnded={onEnded} />
      <Modal
        opened={ended}
        onClose={() => {}}
        withCloseButton={false}
        closeOnEscape={false}
        title="Sign in to go on"
      >
        <Text mb="sm">Your session has ended. What you were doing is still here.</Text>
        <SignInForm
          onDone={() => {
            setEnded(false);
            void renew().then(() => queries.invalidateQueries());
          }}
        />
      </Modal>
    </SessionContext.Provider>
  );
}

function Doors({ renew }: { renew: () => Promise<void> }) {
  const wanted = location.pathname.slice(prefix.length) + location.search;
  return (
    <Suspense fallback={null}>
      <Switch>
        <Route path="/welcome">
          <Welcome onSignedIn={renew} />
        </Route>
        <Route path="/signin">
          <Welcome onSignedIn={renew} />
        </Route>
        <Route path="/">
          <Redirect to="/welcome" replace />
        </Route>
        <Route>
          <Redirect to={`/signin?next=${encodeURIComponent(wanted)}`} replace />
        </Route>
      </Switch>
    </Suspense>
  );
}

function Pages({ operator }: { operator: boolean }) {
  return (
    <Switch>
      <Route path="/welcome">
        <Arrive />
      </Route>
      <Route path="/signin">
        <Arrive />
      </Route>
      {operator && (
        <Route path="/t/:tenant" nest>
          {(params) => (
            <ScopeProvider key={params.tenant} tenant={params.tenant}>
              <LiveProvider all={false}>
                <Shell audience="guest-operator" places={PLACES} />
              </LiveProvider>
            </ScopeProvider>
          )}
        </Route>
      )}
      <Route>
        <ScopeProvider tenant={null}>
          <LiveProvider all={operator}>
            <Shell audience={operator ? 'operator' : 'tenant'} places={PLACES} />
          </LiveProvider>
        </ScopeProvider>
      </Route>
    </Switch>
  );
}

// Where a sign-in leads: an own path only.
function Arrive() {
  const next = new URLSearchParams(location.search).get('next') ?? '/';
  return <Redirect to={/^\/(?![/\\])/.test(next) ? next : '/'} replace />;
}
