// The page's picture with its words boxed; choosing and correcting a word.

const SVG = "http://www.w3.org/2000/svg";
export const SURE = 0.6;
const $ = (id) => document.getElementById(id);

// How strongly a word is shaded: not at all when sure, up to a half.
export function shade(word) {
  return word.confidence >= SURE ? 0 : Math.min(0.5, 0.15 + (SURE - word.confidence) * 0.7);
}

export function wordsOf(page) {
  return page.blocks.flatMap((block) => block.lines.flatMap((line) => line.words));
}

export class Viewer {
  // `changed()` is called after a correction.
  constructor(changed) {
    this.changed = changed;
    this.words = [];
    this.chosen = -1;
    const boxes = $("boxes");
    boxes.addEventListener("pointerover", (event) => this.light(event.target.dataset?.word));
    boxes.addEventListener("pointerleave", () => this.light());
    boxes.addEventListener("click", (event) => event.target.dataset.word && this.choose(Number(event.target.dataset.word), true));
    boxes.addEventListener("keydown", (event) => this.key(event));
    $("editor").addEventListener("submit", (event) => {
      event.preventDefault();
      this.correct($("word").value);
    });
    $("word").addEventListener("keydown", (event) => event.key === "Escape" && $("boxes").focus());
    $("zoom").addEventListener("click", () => {
      const zoomed = $("sheet").classList.toggle("zoomed");
      $("zoom").setAttribute("aria-pressed", zoomed);
    });
  }

  show(page, picture) {
    this.words = wordsOf(page);
    this.chosen = -1;
    $("editor").hidden = true;
    $("picture").src = picture;
    $("picture").alt = `Page ${page.number}`;
    const boxes = $("boxes");
    boxes.setAttribute("viewBox", `0 0 ${page.width} ${page.height}`);
    boxes.setAttribute("preserveAspectRatio", "none");
    boxes.replaceChildren(...this.words.map((word, index) => this.box(word, index)));
  }

  box(word, index) {
    const box = document.createElementNS(SVG, "polygon");
    box.setAttribute("points", word.quad.map((point) => point.join(",")).join(" "));
    box.setAttribute("role", "option");
    box.setAttribute("aria-label", word.text);
    box.id = `box-${index}`;
    box.dataset.word = index;
    box.style.setProperty("--doubtful", shade(word));
    box.classList.toggle("doubt", shade(word) > 0);
    box.classList.toggle("corrected", Boolean(word.corrected));
    return box;
  }

  // All that stands for a word: its box and its place in the text.
  all(index) {
    return document.querySelectorAll(`[data-word="${index}"]`);
  }

  light(index) {
    document.querySelectorAll(".lit").forEach((each) => each.classList.remove("lit"));
    if (index !== undefined) this.all(index).forEach((each) => each.classList.add("lit"));
  }

  choose(index, edit = false) {
    document.querySelectorAll(".chosen").forEach((each) => each.classList.remove("chosen"));
    this.chosen = index;
    const word = this.words[index];
    $("editor").hidden = !word;
    if (!word) return;
    for (const each of this.all(index)) {
      each.classList.add("chosen");
      each.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    $("boxes").setAttribute("aria-activedescendant", `box-${index}`);
    $("word").value = word.text;
    $("sureness").textContent = word.corrected ? "corrected" : `${Math.round(word.confidence * 100)} % sure`;
    if (edit) {
      $("word").focus();
      $("word").select();
    }
  }

  nextUnsure() {
    const order = this.words.map((_, step) => (this.chosen + 1 + step) % this.words.length);
    const found = order.find((index) => this.words[index].confidence < SURE);
    if (found === undefined) return false;
    this.choose(found, true);
    return true;
  }

  correct(text) {
    const word = this.words[this.chosen];
    const clean = text.trim();
    if (!word || !clean) return;
    if (clean !== word.text || word.confidence < 1) {
      word.text = clean;
      word.characters = []; // their places are those of what was read
      word.confidence = 1;
      word.corrected = true;
      const box = $(`box-${this.chosen}`);
      box.replaceWith(this.box(word, this.chosen));
      this.changed();
    }
    this.choose(this.chosen);
    $("boxes").focus();
  }

  key(event) {
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    const last = this.words.length - 1;
    if (event.key in steps) this.choose(Math.max(0, Math.min(last, this.chosen + steps[event.key])));
    else if (event.key === "Home") this.choose(0);
    else if (event.key === "End") this.choose(last);
    else if (event.key === "Enter") this.choose(Math.max(0, this.chosen), true);
    else if (event.key === "n" || event.key === "N") this.nextUnsure();
    else return;
    event.preventDefault();
  }
}
