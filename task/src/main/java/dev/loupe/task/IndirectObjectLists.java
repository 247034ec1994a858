package dev.loupe.task;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import tools.jackson.databind.json.JsonMapper;

/**
 * Lists the words and templates that indirect-object prompts are made of.
 *
 * <p>A template has the slots {@code {A}} and {@code {B}} (the two names of its first clause) and
 * {@code {S}} (the subject's second mention) once each, each after a space, then optionally {@code
 * {PLACE}} and {@code {OBJECT}}; the next word after it is the indirect object.
 *
 * @param names first names, all different
 * @param places words for {@code {PLACE}}
 * @param objects words for {@code {OBJECT}}
 * @param templates sentences without their last word
 */
public record IndirectObjectLists(
    List<String> names, List<String> places, List<String> objects, List<String> templates) {

  private static final Pattern SLOT = Pattern.compile("\\{([^{}]*)}");

  /** Copies the lists and checks the words and the slots of the templates. */
  public IndirectObjectLists {
    names = words("name", names);
    places = words("place", places);
    objects = words("object", objects);
    templates = List.copyOf(templates);
    templates.forEach(IndirectObjectLists::checkTemplate);
  }

  /** Loads the lists that Loupe brings along: 50 names, 12 places, 12 objects, 8 templates. */
  public static IndirectObjectLists standard() {
    try (InputStream in =
        Objects.requireNonNull(
            IndirectObjectLists.class.getResourceAsStream("indirect-object.json"))) {
      return JsonMapper.shared().readValue(in, IndirectObjectLists.class);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the word lists in Loupe's own jar", e);
    }
  }

  /** Fills the slots of a template. */
  static String fill(String template, String a, String b, String s, String place, String object) {
    return template
        .replace("{A}", a)
        .replace("{B}", b)
        .replace("{S}", s)
        .replace("{PLACE}", place)
        .replace("{OBJECT}", object);
  }

  private static List<String> words(String kind, List<String> words) {
    for (var word : words) {
      if (word.isBlank() || !word.equals(word.strip()) || word.contains("{")) {
        throw new IllegalArgumentException(
            "%s '%s': expected a word without spaces around it".formatted(kind, word));
      }
    }
    if (new HashSet<>(words).size() < words.size()) {
      throw new IllegalArgumentException(
          "%ss %s: expected each of them once".formatted(kind, words));
    }
    return List.copyOf(words);
  }

  private static void checkTemplate(String template) {
    var seen = new HashSet<String>();
    var slots = SLOT.matcher(template);
    while (slots.find()) {
      var slot = slots.group(1);
      switch (slot) {
        case "A", "B", "S" -> {
          if (slots.start() == 0 || template.charAt(slots.start() - 1) != ' ') {
            throw wrong(
                template, "{" + slot + "} must follow a space, which belongs to the name's token");
          }
        }
        case "PLACE", "OBJECT" -> {}
        default -> throw wrong(template, "{" + slot + "} is none of {A} {B} {S} {PLACE} {OBJECT}");
      }
      if (!seen.add(slot)) {
        throw wrong(template, "{" + slot + "} occurs twice");
      }
    }
    for (var slot : List.of("A", "B", "S")) {
      if (!seen.contains(slot)) {
        throw wrong(template, "{" + slot + "} is missing");
      }
    }
    if (template.indexOf("{S}") < Math.max(template.indexOf("{A}"), template.indexOf("{B}"))) {
      throw wrong(template, "{S} must come after {A} and {B}");
    }
    if (template.endsWith("}") || template.endsWith(" ")) {
      throw wrong(template, "it must end with a word, such as 'to', and no space");
    }
  }

  private static IllegalArgumentException wrong(String template, String problem) {
    return new IllegalArgumentException("template '%s': %s".formatted(template, problem));
  }
}
