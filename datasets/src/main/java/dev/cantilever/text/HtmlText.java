package dev.cantilever.text;

import java.util.Set;
import java.util.regex.Pattern;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Element;
import org.jsoup.nodes.Node;
import org.jsoup.nodes.TextNode;
import org.jsoup.select.NodeVisitor;

/**
 * The text that a browser would show: tags gone, entities resolved, {@code <br>} and the ends of
 * blocks as newlines, scripts and styles left out.
 */
final class HtmlText {

  /*
   * Reviews are text with a little markup, not pages. By HTML's rules an unfinished tag swallows the
   * rest of the text ("loved it <but ..."), so a '<' counts as markup only where a whole tag or
   * comment follows; every other '<' is the character.
   */
  private static final Pattern LONE_LESS_THAN =
      Pattern.compile("<(?!/?[a-zA-Z][^<>]*>|!--(?s:.*?)-->|![a-zA-Z][^<>]*>)");

  private static final Set<String> BLOCKS =
      Set.of(
          "p",
          "div",
          "li",
          "ul",
          "ol",
          "tr",
          "table",
          "blockquote",
          "pre",
          "hr",
          "section",
          "article",
          "h1",
          "h2",
          "h3",
          "h4",
          "h5",
          "h6");

  private HtmlText() {}

  static String plain(String text) {
    if (text.indexOf('<') < 0 && text.indexOf('&') < 0) {
      return text;
    }
    String markup = LONE_LESS_THAN.matcher(text).replaceAll("&lt;");
    StringBuilder out = new StringBuilder(text.length());
    Jsoup.parseBodyFragment(markup).body().traverse(new Collector(out));
    return out.toString();
  }

  private record Collector(StringBuilder out) implements NodeVisitor {

    @Override
    public void head(Node node, int depth) {
      if (node instanceof TextNode text) {
        out.append(text.getWholeText());
      } else if (node instanceof Element element && BLOCKS.contains(element.normalName())) {
        newLine();
      }
    }

    @Override
    public void tail(Node node, int depth) {
      if (!(node instanceof Element element)) {
        return;
      }
      if (element.normalName().equals("br")) {
        out.append('\n');
      } else if (BLOCKS.contains(element.normalName())) {
        newLine();
      }
    }

    private void newLine() {
      if (out.length() > 0 && out.charAt(out.length() - 1) != '\n') {
        out.append('\n');
      }
    }
  }
}
