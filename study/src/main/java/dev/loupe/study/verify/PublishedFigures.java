package dev.loupe.study.verify;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The published figures of a model, as a data file has them.
 *
 * @param model the hub name of the model
 * @param layers how many layers its figures by layer and head are of
 * @param heads how many heads a layer
 * @param sources where the figures are published
 * @param prompts what they are of, by name
 * @param figures in reading order, each source together
 */
public record PublishedFigures(
    String model,
    int layers,
    int heads,
    List<Source> sources,
    Map<String, PromptSet> prompts,
    List<Figure> figures) {
  /**
   * A publication.
   *
   * @param id its name here
   * @param title as it is cited
   * @param about what a reader must know of how its figures were made
   */
  public record Source(String id, String title, String about) {}

  private static final List<String> MODELS = List.of("gpt2", "pythia-410m");

  private static final Map<String, String> FILES =
      Map.of(
          "gpt2", "gpt2.json",
          "gpt2-small", "gpt2.json",
          "openai-community/gpt2", "gpt2.json",
          "pythia-410m", "pythia-410m.json",
          "eleutherai/pythia-410m", "pythia-410m.json");

  /** Copies the collections; refuses figures of unknown sources or prompts, and an id twice. */
  public PublishedFigures {
    sources = List.copyOf(sources);
    prompts = Collections.unmodifiableMap(new LinkedHashMap<>(prompts));
    figures = List.copyOf(figures);
    var known = sources.stream().map(Source::id).collect(Collectors.toSet());
    var ids = new HashSet<String>();
    for (var figure : figures) {
      if (!ids.add(figure.id())) {
        throw new IllegalArgumentException("figure " + figure.id() + " is there twice");
      }
      if (!known.contains(figure.source())) {
        throw new IllegalArgumentException(
            "figure %s: no source \"%s\"; there are %s"
                .formatted(figure.id(), figure.source(), known.stream().sorted().toList()));
      }
      var set = figure.work().flatMap(work -> work.computation().promptSet());
      if (set.isPresent() && !prompts.containsKey(set.get())) {
        throw new IllegalArgumentException(
            "figure %s: no prompts \"%s\"; there are %s"
                .formatted(figure.id(), set.get(), prompts.keySet()));
      }
    }
  }

  /** Returns the names of the models whose figures come with Loupe. */
  public static List<String> models() {
    return MODELS;
  }

  /**
   * Returns the figures of a model that come with Loupe.
   *
   * @param name of the model, in any case, with or without its owner
   * @throws IllegalArgumentException if there are none, saying of which there are
   */
  public static PublishedFigures of(String name) {
    var file = FILES.get(name.strip().toLowerCase(Locale.ROOT));
    if (file == null) {
      throw new IllegalArgumentException(
          "no published figures of \"%s\"; there are some of %s"
              .formatted(name, String.join(" and ", MODELS)));
    }
    try (var in = PublishedFigures.class.getResourceAsStream(file)) {
      if (in == null) {
        throw new IllegalStateException("the study module lacks its resource " + file);
      }
      return read(in.readAllBytes(), file);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the figures in Loupe's own jar", e);
    }
  }

  /**
   * Reads a data file.
   *
   * @param json its content
   * @param file what it is called in errors
   * @throws IllegalArgumentException naming the file and the figure, with what was expected
   */
  public static PublishedFigures read(byte[] json, String file) {
    return new FiguresReader(file).read(json);
  }

  /** Returns the figures of a source. */
  public List<Figure> of(Source source) {
    return figures.stream().filter(figure -> figure.source().equals(source.id())).toList();
  }

  /** Says which shape figures by layer and head need. */
  String shape() {
    return String.format(Locale.ROOT, "%d layers x %d heads", layers, heads);
  }
}
