package dev.loupe.cli;

import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** Compiles an example of the documentation. */
final class ExampleProgram {
  private ExampleProgram() {}

  /** Returns what the compiler says against a class {@code Example}; empty if nothing. */
  static String errors(String program, Path folder) {
    var messages = new StringWriter();
    var source =
        new SimpleJavaFileObject(URI.create("string:///Example.java"), JavaFileObject.Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return program;
          }
        };
    var options = List.of("-proc:none", "-nowarn", "-d", folder.toString());
    boolean compiled =
        ToolProvider.getSystemJavaCompiler()
            .getTask(messages, null, null, options, null, List.of(source))
            .call();
    return compiled ? "" : messages.toString();
  }
}
