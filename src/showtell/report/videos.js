// Films play while they are seen; a click stops them. Those who asked for less motion get controls.
if (!matchMedia("(prefers-reduced-motion: reduce)").matches && "IntersectionObserver" in window) {
  const play = (video) => video.play().catch(() => {});
  const seen = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) isIntersecting ? play(target) : target.pause();
  }, { threshold: 0.4 });
  for (const video of document.querySelectorAll("video")) {
    video.controls = false;
    video.addEventListener("click", () => (video.paused ? play(video) : video.pause()));
    seen.observe(video);
  }
}
