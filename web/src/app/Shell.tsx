import {
  ActionIcon,
  Button,
  Drawer,
  Group,
  Kbd,
  Menu,
  Text,
  Tooltip,
  useMantineColorScheme,
  VisuallyHidden,
} from '@mantine/core';
import { useHotkeys, useMediaQuery } from '@mantine/hooks';
import { spotlight } from '@mantine/spotlight';
import { lazy, Suspense, useEffect, useState } from 'react';
import { Link, Route, Switch, useLocation } from 'wouter';
import { useMay, useSession } from '../api/session_context';
import { useTenantName } from '../api/tenants';
import { IconLogout, IconMenu2, IconSearch, IconSend, IconSunMoon, IconUser } from '../theme/icons';
import { Forbidden, NotFound } from '../ui/ListState';
import { usePreference } from '../ui/preferences';
import { ErrorBoundary } from './ErrorBoundary';
import { useKeys } from './keys';
import { LiveLight } from './LiveLight';
import type { Audience, Place } from './nav';
import classes from './Shell.module.css';

const Palette = lazy(() => import('./Palette'));
const KeysDialog = lazy(() => import('./KeysDialog'));

export function Shell({ audience, places }: { audience: Audience; places: Place[] }) {
  const own = places.filter((place) => place.audience.includes(audience));
  const phone = useMediaQuery('(max-width: 640px)') ?? false;
  const [help, setHelp] = useState(false);
  const [path] = useLocation();
  useKeys(own, () => setHelp(true));
  // Here, not in the palette: pressed before its code has come, it opens as soon as it has.
  useHotkeys([['mod+K', spotlight.open]]);
  useEffect(() => {
    document.getElementById('main')?.scrollTo(0, 0);
    if (path) document.getElementById('main')?.focus({ preventScroll: true });
  }, [path]);
  return (
    <div className={classes.shell}>
      <button
        type="button"
        className={classes.skip}
        onClick={() => document.getElementById('main')?.focus()}
      >
        Skip to the page
      </button>
      <Header audience={audience} onHelp={() => setHelp(true)} />
      {!phone && <Rail places={own} />}
      <main id="main" tabIndex={-1} className={classes.main}>
        <ErrorBoundary resetKey={path}>
          <Switch>
            {own.map((place) => (
              <Route key={place.id} path={place.path}>
                <Page place={place} />
              </Route>
            ))}
            <Route>
              <NotFound sentence="There is no such page." />
            </Route>
          </Switch>
        </ErrorBoundary>
      </main>
      {phone && <BottomBar places={own} />}
      <Suspense fallback={null}>
        <Palette places={own} onHelp={() => setHelp(true)} />
        {help && <KeysDialog places={own} onClose={() => setHelp(false)} />}
      </Suspense>
    </div>
  );
}

function Page({ place }: { place: Place }) {
  const may = useMay(place.scope);
  useEffect(() => {
    document.title = `${place.title} · Belfry`;
  }, [place.title]);
  if (!may) return <Forbidden scope={place.scope ?? ''} />;
  const { page: Content } = place;
  return <Content />;
}

function Header({ audience, onHelp }: { audience: Audience; onHelp: () => void }) {
  const { session, leave } = useSession();
  const tenant = useTenantName();
  const { setColorScheme, colorScheme } = useMantineColorScheme();
  const maySubmit = useMay('tasks:write') && audience !== 'operator';
  const guest = audience === 'guest-operator';
  const whose = guest ? (tenant ?? '…') : (session.tenantName ?? 'All tenants');
  const nextScheme = { auto: 'light', light: 'dark', dark: 'auto' } as const;
  return (
    <header className={classes.header} data-guest={guest || undefined}>
      <Link href={guest ? '~/tenants' : '/'} className={classes.brand}>
        Belfry
      </Link>
      <Text fw={600} truncate title={whose} className={classes.whose}>
        {guest && <span className="dim">viewing as operator: </span>}
        {whose}
      </Text>
      {guest && (
        <Link href="~/tenants" className={classes.back}>
          All tenants
        </Link>
      )}
      <span className={classes.gap} />
      <Button
        variant="default"
        size="xs"
        leftSection={<IconSearch size={14} />}
        onClick={() => spotlight.open()}
        className={classes.search}
        rightSection={<Kbd size="xs">Ctrl K</Kbd>}
      >
        Search
      </Button>
      <LiveLight />
      {maySubmit && (
        <Button
          component={Link}
          href="/submit"
          size="xs"
          className={classes.submit}
          leftSection={<IconSend size={14} />}
        >
          Submit task
        </Button>
      )}
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon variant="default" size={30} aria-label="Account and theme">
            <IconUser size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>
            {session.kind === 'operator' ? 'Operator' : (session.tenantName ?? session.tenantId)}
          </Menu.Label>
          <Menu.Item
            closeMenuOnClick={false}
            leftSection={<IconSunMoon size={14} />}
            onClick={() => setColorScheme(nextScheme[colorScheme])}
          >
            Theme: {colorScheme === 'auto' ? 'as the system' : colorScheme}
          </Menu.Item>
          <Menu.Item onClick={onHelp} rightSection={<Kbd size="xs">?</Kbd>}>
            Shortcuts
          </Menu.Item>
          <Menu.Item component={Link} href="/settings">
            Settings
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item leftSection={<IconLogout size={14} />} onClick={() => void leave()}>
            Sign out
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </header>
  );
}

function isAt(path: string, place: Place): boolean {
  return place.path === '/'
    ? path === '/'
    : path === place.path || path.startsWith(`${place.path}/`);
}

function Rail({ places }: { places: Place[] }) {
  const [path] = useLocation();
  const [open, setOpen] = usePreference('railOpen');
  return (
    <nav className={classes.rail} aria-label="Pages" data-open={open || undefined}>
      {places.map(({ rail, ...place }) => {
        if (!rail) return null;
        const Icon = rail.icon;
        const at = isAt(path, place);
        return (
          <Tooltip key={place.id} label={`${place.title} (g ${rail.key})`} position="right">
            <Link
              href={place.path}
              className={classes.place}
              aria-current={at ? 'page' : undefined}
              onPointerEnter={() => void place.page.fetch()}
              onFocus={() => void place.page.fetch()}
            >
              <Icon size={18} aria-hidden />
              {open ? place.title : <VisuallyHidden>{place.title}</VisuallyHidden>}
            </Link>
          </Tooltip>
        );
      })}
      <span className={classes.gap} />
      <button
        type="button"
        className={classes.place}
        onClick={() => setOpen(!open)}
        aria-expanded={open}
      >
        <IconMenu2 size={18} aria-hidden />
        {open ? 'Fold' : <VisuallyHidden>Unfold the rail</VisuallyHidden>}
      </button>
    </nav>
  );
}

function BottomBar({ places }: { places: Place[] }) {
  const [path] = useLocation();
  const [more, setMore] = useState(false);
  const railed = places.filter((place) => place.rail);
  const link = ({ rail, ...place }: Place) => {
    if (!rail) return null;
    const Icon = rail.icon;
    return (
      <Link
        key={place.id}
        href={place.path}
        className={classes.place}
        aria-current={isAt(path, place) ? 'page' : undefined}
        onClick={() => setMore(false)}
      >
        <Icon size={20} aria-hidden />
        {place.title}
      </Link>
    );
  };
  return (
    <nav className={classes.bottom} aria-label="Pages">
      {railed.slice(0, 4).map(link)}
      <button type="button" className={classes.place} onClick={() => setMore(true)}>
        <IconMenu2 size={20} aria-hidden />
        More
      </button>
      <Drawer
        opened={more}
        onClose={() => setMore(false)}
        position="bottom"
        size="auto"
        title="More pages"
      >
        <Group>
          {railed.slice(4).map(link)}
          <button
            type="button"
            className={classes.place}
            onClick={() => {
              setMore(false);
              spotlight.open();
            }}
          >
            <IconSearch size={20} aria-hidden />
            Search
          </button>
        </Group>
      </Drawer>
    </nav>
  );
}
