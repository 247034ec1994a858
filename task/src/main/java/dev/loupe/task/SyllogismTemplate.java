package dev.loupe.task;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * A syllogism with its slots open, cut into the texts between them.
 *
 * @param texts what stands before each slot, and after the last: one more than slots
 * @param slots in the order of the text
 */
record SyllogismTemplate(List<String> texts, List<Slot> slots) {
  enum Slot {
    CATEGORY("category", "CATEGORY"),
    DESCRIPTOR("descriptor", "DESCRIPTOR"),
    OPPOSITE("opposite", "OPPOSITE"),
    CAPITAL_NOUN("Noun", "NOUN"),
    NOUN("noun", "NOUN");

    private final String written;
    private final String position;

    Slot(String written, String position) {
      this.written = written;
      this.position = position;
    }

    private static Slot parse(String template, String name) {
      for (var slot : values()) {
        if (slot.written.equals(name)) {
          return slot;
        }
      }
      throw wrong(
          template, "{" + name + "} is none of {category} {descriptor} {opposite} {Noun} {noun}");
    }
  }

  private static final Pattern SLOT = Pattern.compile("\\{([^{}]*)}");

  SyllogismTemplate {
    texts = List.copyOf(texts);
    slots = List.copyOf(slots);
  }

  static SyllogismTemplate parse(String template) {
    var texts = new ArrayList<String>();
    var slots = new ArrayList<Slot>();
    var found = SLOT.matcher(template);
    int from = 0;
    while (found.find()) {
      var before = template.substring(from, found.start());
      boolean begins = found.start() == 0 && found.group().equals("{Noun}");
      if (!begins && !before.endsWith(" ")) {
        throw wrong(template, found.group() + " must follow a space, which belongs to its token");
      }
      if (found.end() < template.length() && Character.isLetter(template.charAt(found.end()))) {
        throw wrong(template, found.group() + " must end a word");
      }
      slots.add(Slot.parse(template, found.group(1)));
      texts.add(before);
      from = found.end();
    }
    texts.add(template.substring(from));
    for (var slot : Slot.values()) {
      if (!slots.contains(slot)) {
        throw wrong(template, "{" + slot.written + "} is missing");
      }
    }
    if (template.endsWith(" ")) {
      throw wrong(template, "it must end without a space, which belongs to the answer's token");
    }
    return new SyllogismTemplate(texts, slots);
  }

  /** A text and, for each slot in order, from where to where in it its word stands. */
  record Filled(String text, List<Span> words) {
    Filled {
      words = List.copyOf(words);
    }
  }

  /** From a character or token to another (exclusive). */
  record Span(int start, int end) {}

  /** Fills the slots. */
  Filled fill(Function<Slot, String> words) {
    var text = new StringBuilder();
    var spans = new ArrayList<Span>();
    for (int i = 0; i < slots.size(); i++) {
      text.append(texts.get(i));
      int start = text.length();
      text.append(words.apply(slots.get(i)));
      spans.add(new Span(start, text.length()));
    }
    return new Filled(text.append(texts.getLast()).toString(), spans);
  }

  /** Names the mentions, in order: CATEGORY, then CATEGORY2, and so on. */
  List<Position> positions() {
    var seen = new HashMap<String, Integer>();
    return slots.stream()
        .map(slot -> {
          int nth = seen.merge(slot.position, 1, Integer::sum);
          return new Position(nth == 1 ? slot.position : slot.position + nth);
        })
        .toList();
  }

  private static IllegalArgumentException wrong(String template, String problem) {
    return new IllegalArgumentException("template '%s': %s".formatted(template, problem));
  }
}
