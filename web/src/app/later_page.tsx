import { type ComponentType, useEffect, useState } from 'react';
import { SkeletonRows } from '../ui/ListState';

export interface LaterPage {
  (): React.ReactNode;
  // Begins to load it; at once done when it is there.
  fetch: () => Promise<void>;
}

// A page whose code comes when it is wanted. Not React.lazy: Suspense holds back for 300 ms what
// comes soon after its fallback, and a page comes within 50.
export function laterPage(load: () => Promise<{ default: ComponentType }>): LaterPage {
  let loaded: ComponentType | undefined;
  const fetch = async () => {
    loaded ??= (await load()).default;
  };
  function Later() {
    const [Page, setPage] = useState(() => loaded);
    useEffect(() => {
      if (Page) return;
      fetch().then(
        () => setPage(() => loaded),
        (error: unknown) =>
          setPage(() => {
            throw error; // to the error boundary
          }),
      );
    }, [Page]);
    return Page ? <Page /> : <SkeletonRows />;
  }
  return Object.assign(Later, { fetch });
}
