// Chooses light or dark before the first paint. Not a module, because modules run after it.
(() => {
  const key = 'secondwind-theme';
  const system = matchMedia('(prefers-color-scheme: dark)');
  const stored = () => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null; // The browser may forbid storage.
    }
  };
  let chosen = stored();
  const apply = () => {
    const theme = chosen ?? (system.matches ? 'dark' : 'light');
    document.documentElement.dataset.theme = theme;
    dispatchEvent(new CustomEvent('themechange', { detail: theme }));
  };

  // Switches the theme. A choice equal to the system's is not stored: then the system decides.
  window.switchTheme = () => {
    const next = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
    chosen = next === (system.matches ? 'dark' : 'light') ? null : next;
    try {
      if (chosen) localStorage.setItem(key, chosen);
      else localStorage.removeItem(key);
    } catch {
      // The choice then lasts until the page is closed.
    }
    apply();
  };
  system.addEventListener('change', apply);
  apply();
})();
