/**
 * Sets the chosen theme before anything is drawn. A script of its own, run in the head; the switch itself is in
 * shell/theme_switch.tsx.
 */
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is off: the system's theme holds.
}
