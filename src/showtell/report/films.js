// Films play while they are seen; a click stops them. Those who asked for less motion get controls.
if (!matchMedia("(prefers-reduced-motion: reduce)").matches && "IntersectionObserver" in window) {
  const play = (film) => film.play().catch(() => {});
  const seen = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) isIntersecting ? play(target) : target.pause();
  }, { threshold: 0.4 });
  for (const film of document.querySelectorAll("video")) {
    film.controls = false;
    film.addEventListener("click", () => (film.paused ? play(film) : film.pause()));
    seen.observe(film);
  }
}
