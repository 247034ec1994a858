package dev.loupe.study.verify;

import dev.loupe.lens.Estimate;
import dev.loupe.study.StudyContext;
import dev.loupe.study.run.Studies;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Figures of whole studies: every number of their findings, under its place in them. */
final class StudyFigures {
  private StudyFigures() {}

  static Map<String, Estimate> of(String study, StudyContext context) {
    var found = new LinkedHashMap<String, Estimate>();
    collect("", Studies.named(study).run(context).numbers(), found);
    return found;
  }

  private static void collect(String place, @Nullable Object value, Map<String, Estimate> into) {
    switch (value) {
      case Map<?, ?> map when map.get("mean") instanceof Number mean ->
          into.put(place, new Estimate(mean.doubleValue(), number(map, "standard_error"), n(map)));
      case Map<?, ?> map ->
          map.forEach((name, part) -> collect(within(place, String.valueOf(name)), part, into));
      case List<?> list -> {
        into.put(within(place, "count"), Estimate.of(list.size()));
        for (int i = 0; i < list.size(); i++) {
          collect(within(place, name(list.get(i), i)), list.get(i), into);
        }
      }
      case Number number -> into.put(place, Estimate.of(number.doubleValue()));
      case null, default -> {}
    }
  }

  private static double number(Map<?, ?> map, String name) {
    return map.get(name) instanceof Number number ? number.doubleValue() : Double.NaN;
  }

  private static int n(Map<?, ?> map) {
    return map.get("n") instanceof Number n ? n.intValue() : 1;
  }

  /** Elements that have a name go by it, so that figures do not depend on their order. */
  private static String name(@Nullable Object element, int index) {
    return element instanceof Map<?, ?> map && map.get("node") instanceof String name
        ? name
        : Integer.toString(index);
  }

  private static String within(String place, String name) {
    return place.isEmpty() ? name : place + "." + name;
  }
}
