({
  // Every visible piece of text, with the contrast ratio of WCAG 2.2 (1.4.3) between it and the backgrounds behind it.
  contrasts() {
    const parse = text => text.match(/[\d.]+/g).map(Number);
    const over = (top, under) => under.map((value, i) => top[i] * (top[3] ?? 1) + value * (1 - (top[3] ?? 1)));
    const linear = value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    const luminance = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
    const behind = element => element
      ? over(parse(getComputedStyle(element).backgroundColor), behind(element.parentElement))
      : [255, 255, 255];
    const found = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const text = texts.currentNode.data.trim(), element = texts.currentNode.parentElement;
      if (!text || !element.checkVisibility() || element.closest('script, style, [aria-hidden=true]')) continue;
      const style = getComputedStyle(element), back = behind(element);
      const ink = over(parse(element.closest('svg') ? style.fill : style.color), back);
      const [light, dark] = [luminance(ink), luminance(back)].sort((a, b) => b - a);
      const place = element.tagName + '.' + (element.getAttribute('class') ?? '');
      found.push({text: text.slice(0, 40), place, ratio: (light + 0.05) / (dark + 0.05)});
    }
    return found;
  },

  // Marks every control that the keyboard must reach, and returns the marks.
  controls() {
    const all = document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]');
    return [...all].filter(one => one.checkVisibility() && !one.disabled && one.tabIndex >= 0)
      .map((one, at) => one.dataset.at = String(at));
  },

  // The mark of what has the focus, and whether one can see that it has.
  focused() {
    const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
    const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== 'none';
    const inView = box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight;
    return {at: one.dataset.at ?? null, visible: ring && inView};
  },
})
