// Videos play while they are seen; a click stops them. Those who asked for less motion get controls.
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
// A slider moves through the frames of a rollout and along its curves.
for (const scrub of document.querySelectorAll(".scrub")) {
  const [slider, strip, at] = ["input", "img", ".at"].map((part) => scrub.querySelector(part));
  const { x2 } = scrub.querySelector(".axis"), { x1 } = at, first = x1.baseVal.value;
  const length = x2.baseVal.value - first;
  slider.disabled = false;
  slider.addEventListener("input", () => {
    strip.style.transform = `translateX(${(-100 * slider.value) / (+slider.max + 1)}%)`;
    at.setAttribute("transform", `translate(${(length * slider.value) / slider.max} 0)`);
  });
}
// Commands can be copied where the browser allows it; a click on one selects it anyway.
for (const button of document.querySelectorAll(".command button")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.previousElementSibling.textContent);
    button.textContent = "Copied";
  });
}
// A link to something that is folded opens it; a printed page shows its claims' evidence.
const unfold = () => {
  for (let at = document.getElementById(location.hash.slice(1)); at; at = at.parentElement)
    if (at.tagName === "DETAILS") at.open = true;
};
addEventListener("hashchange", unfold);
unfold();
addEventListener("beforeprint", () => {
  for (const one of document.querySelectorAll("details.evidence, details.protocol")) one.open = true;
});
