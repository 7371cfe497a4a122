import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Properties;

/**
 * Reads the files that the arguments after the first name. For each, a line with the number of its
 * properties, then a line for each property: key and value in Base64. A file that is refused counts -1.
 */
public class ReadProperties {
  public static void main(String[] args) throws IOException {
    StringBuilder out = new StringBuilder();
    for (int i = 1; i < args.length; i++) {
      Properties found = new Properties();
      try {
        load(found, args[0], Path.of(args[i]));
      } catch (IllegalArgumentException refused) {
        out.append("-1\n");
        continue;
      }
      out.append(found.size()).append('\n');
      for (String name : found.stringPropertyNames()) {
        out.append(encoded(name)).append(' ').append(encoded(found.getProperty(name))).append('\n');
      }
    }
    System.out.print(out);
  }

  private static void load(Properties into, String how, Path file) throws IOException {
    if (how.equals("bytes")) {
      try (InputStream in = Files.newInputStream(file)) {
        into.load(in);
      }
    } else {
      try (Reader in = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
        into.load(in);
      }
    }
  }

  private static String encoded(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }
}
