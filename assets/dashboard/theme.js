// Light or dark, decided before the first paint: hence no module, which would come after it.
(() => {
  const key = 'secondwind-theme';
  const system = matchMedia('(prefers-color-scheme: dark)');
  const stored = () => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null; // A browser may forbid storage.
    }
  };
  let chosen = stored();
  const apply = () => {
    const theme = chosen ?? (system.matches ? 'dark' : 'light');
    document.documentElement.dataset.theme = theme;
    dispatchEvent(new CustomEvent('themechange', { detail: theme }));
  };

  // Switches; a choice that the system would make too is none, and follows it from then on.
  window.switchTheme = () => {
    const next = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
    chosen = next === (system.matches ? 'dark' : 'light') ? null : next;
    try {
      if (chosen) localStorage.setItem(key, chosen);
      else localStorage.removeItem(key);
    } catch {
      // Then the choice lasts as long as the page.
    }
    apply();
  };
  system.addEventListener('change', apply);
  apply();
})();
