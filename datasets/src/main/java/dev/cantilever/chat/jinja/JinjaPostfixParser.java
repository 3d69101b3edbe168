package dev.cantilever.chat.jinja;

import com.hubspot.jinjava.el.ext.ExtendedParser;
import dev.cantilever.chat.python.CallArguments;
import dev.cantilever.chat.python.PythonNone;
import dev.cantilever.chat.python.PythonSlice;
import dev.cantilever.chat.python.PythonTuple;
import dev.cantilever.chat.python.PythonValues;
import dev.cantilever.chat.python.TemplateAccess;
import dev.cantilever.chat.python.TemplateRefusal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import jinjava.de.odysseus.el.tree.Bindings;
import jinjava.de.odysseus.el.tree.impl.Builder;
import jinjava.de.odysseus.el.tree.impl.Scanner.ScanException;
import jinjava.de.odysseus.el.tree.impl.Scanner.Symbol;
import jinjava.de.odysseus.el.tree.impl.Scanner.Token;
import jinjava.de.odysseus.el.tree.impl.ast.AstNode;
import jinjava.javax.el.ELContext;
import org.jspecify.annotations.Nullable;

/**
 * The productions of Jinja's grammar for values and what stands behind them: attributes, items,
 * slices, calls, filters and tests.
 */
abstract class JinjaPostfixParser extends ExtendedParser {

  private static final Set<String> BEHIND_TEST = Set.of("else", "or", "and");

  private final Set<String> unknown = new TreeSet<>();
  private boolean hasCondition;

  JinjaPostfixParser(Builder builder, String expression) {
    super(builder, expression);
  }

  /** Filters and tests that Jinja does not know, unless a condition stands before them. */
  Set<String> unknown() {
    return hasCondition ? Set.of() : unknown;
  }

  void noteCondition() {
    hasCondition = true;
  }

  private void note(String kind, String name, Set<String> known) {
    if (!known.contains(name)) {
      unknown.add(kind + name);
    }
  }

  abstract AstNode tuple() throws ScanException, ParseException;

  /** What an argument without brackets may be, a literal or a name. */
  AstNode primary() throws ScanException, ParseException {
    Token token = getToken();
    switch (token.getSymbol()) {
      case IDENTIFIER:
        return name(consumeToken().getImage());
      case STRING:
        StringBuilder text = new StringBuilder();
        while (getToken().getSymbol() == Symbol.STRING) {
          text.append(consumeToken().getImage());
        }
        String string = text.toString();
        return new Computed((b, c) -> string);
      case INTEGER:
        Long whole = whole(consumeToken().getImage());
        return new Computed((b, c) -> whole);
      case FLOAT:
        Double real = Double.valueOf(consumeToken().getImage());
        return new Computed((b, c) -> real);
      case LPAREN:
        return inBrackets();
      case LBRACK:
        return list();
      default:
        if (isSign("{")) {
          return object();
        }
        fail("a value");
        throw new AssertionError("fail() throws");
    }
  }

  private static Long whole(String digits) {
    try {
      return Long.valueOf(digits);
    } catch (NumberFormatException e) {
      throw TemplateRefusal.unsupported("a whole number beyond 64 bits");
    }
  }

  private static AstNode name(String name) {
    return switch (name) {
      case "true", "True" -> new Computed((b, c) -> true);
      case "false", "False" -> new Computed((b, c) -> false);
      case "none", "None" -> new Computed((b, c) -> PythonNone.NONE);
      default -> new Computed((b, c) -> TemplateScope.value(name));
    };
  }

  private AstNode inBrackets() throws ScanException, ParseException {
    consumeToken();
    if (acceptSign(")")) {
      return new Computed((b, c) -> PythonTuple.of());
    }
    AstNode value = tuple();
    consumeToken(Symbol.RPAREN);
    return value;
  }

  private AstNode list() throws ScanException, ParseException {
    consumeToken();
    List<AstNode> items = new ArrayList<>();
    while (!isSign("]")) {
      items.add(expr(true));
      if (!acceptSign(",")) {
        break;
      }
    }
    consumeToken(Symbol.RBRACK);
    return new Computed((b, c) -> values(items, b, c));
  }

  private AstNode object() throws ScanException, ParseException {
    consumeToken();
    List<AstNode> keys = new ArrayList<>();
    List<AstNode> items = new ArrayList<>();
    while (!isSign("}")) {
      keys.add(expr(true));
      consumeToken(Symbol.COLON);
      items.add(expr(true));
      if (!acceptSign(",")) {
        break;
      }
    }
    if (!acceptSign("}")) {
      fail("}");
    }
    return new Computed(
        (b, c) -> {
          Map<@Nullable Object, @Nullable Object> map = new LinkedHashMap<>();
          for (int i = 0; i < keys.size(); i++) {
            Object key = keys.get(i).eval(b, c);
            Object known = PythonValues.key(map, key);
            map.put(known == null ? key : known, items.get(i).eval(b, c));
          }
          return map;
        });
  }

  /** Attributes, items and calls behind a value. */
  AstNode postfix(AstNode value) throws ScanException, ParseException {
    AstNode whole = value;
    while (true) {
      AstNode base = whole;
      if (acceptSign(".")) {
        if (getToken().getSymbol() == Symbol.INTEGER) {
          Long place = whole(consumeToken().getImage());
          whole = new Computed((b, c) -> TemplateAccess.item(base.eval(b, c), place));
        } else {
          String name = consumeToken(Symbol.IDENTIFIER).getImage();
          whole = new Computed((b, c) -> TemplateAccess.attribute(base.eval(b, c), name));
        }
      } else if (isSign("[")) {
        whole = subscript(base);
      } else if (isSign("(")) {
        Arguments arguments = arguments();
        whole =
            new Computed(
                (b, c) -> {
                  Object callee = base.eval(b, c);
                  return TemplateAccess.call(callee, arguments.of("a call", b, c));
                });
      } else {
        return whole;
      }
    }
  }

  private AstNode subscript(AstNode base) throws ScanException, ParseException {
    consumeToken();
    List<@Nullable AstNode> parts = new ArrayList<>();
    parts.add(isSign(":") ? null : tuple());
    while (acceptSign(":") && parts.size() < 3) {
      parts.add(isSign(":") || isSign("]") ? null : expr(true));
    }
    consumeToken(Symbol.RBRACK);
    AstNode first = parts.get(0);
    if (parts.size() == 1 && first != null) {
      return new Computed((b, c) -> TemplateAccess.item(base.eval(b, c), first.eval(b, c)));
    }
    return new Computed(
        (b, c) -> {
          Object value = base.eval(b, c);
          List<@Nullable Object> bounds = new ArrayList<>();
          for (AstNode part : parts) {
            bounds.add(part == null ? PythonNone.NONE : part.eval(b, c));
          }
          return PythonSlice.of(value, bounds);
        });
  }

  /** Filters and tests behind a value, in the order in which they stand. */
  AstNode filtered(AstNode value) throws ScanException, ParseException {
    AstNode whole = value;
    while (true) {
      AstNode input = whole;
      if (acceptSign("|")) {
        String name = consumeToken(Symbol.IDENTIFIER).getImage();
        note("the filter ", name, JinjaNames.FILTERS);
        Arguments arguments = isSign("(") ? arguments() : Arguments.NONE;
        whole =
            new Computed(
                (b, c) ->
                    JinjaFilters.filter(
                        name, input.eval(b, c), arguments.of("the filter " + name, b, c)));
      } else if (accept("is")) {
        whole = test(input);
      } else if (isSign("(")) {
        whole = postfix(input);
      } else {
        return whole;
      }
    }
  }

  private AstNode test(AstNode input) throws ScanException, ParseException {
    boolean isNegated = accept("not");
    String name = consumeToken(Symbol.IDENTIFIER).getImage();
    note("the test ", name, JinjaNames.TESTS);
    Arguments arguments = isSign("(") ? arguments() : bareArgument();
    return new Computed(
        (b, c) ->
            JinjaTests.holds(name, input.eval(b, c), arguments.of("the test " + name, b, c))
                != isNegated);
  }

  /** {@code is divisibleby 3}. */
  private Arguments bareArgument() throws ScanException, ParseException {
    if (isWord("is")) {
      fail("one test");
    }
    boolean begins =
        switch (getToken().getSymbol()) {
          case STRING, INTEGER, FLOAT, LBRACK -> true;
          case IDENTIFIER -> !BEHIND_TEST.contains(image());
          default -> isSign("{");
        };
    return begins ? new Arguments(List.of(postfix(primary())), Map.of()) : Arguments.NONE;
  }

  private Arguments arguments() throws ScanException, ParseException {
    consumeToken(Symbol.LPAREN);
    List<AstNode> places = new ArrayList<>();
    Map<String, AstNode> names = new LinkedHashMap<>();
    while (!isSign(")")) {
      if (getToken().getSymbol() == Symbol.IDENTIFIER && lookahead(0).getImage().equals("=")) {
        String name = consumeToken().getImage();
        consumeToken();
        if (names.put(name, expr(true)) != null) {
          fail("another name than " + name);
        }
      } else if (names.isEmpty()) {
        places.add(expr(true));
      } else {
        fail("an argument with a name");
      }
      if (!acceptSign(",")) {
        break;
      }
    }
    consumeToken(Symbol.RPAREN);
    return new Arguments(places, names);
  }

  /** The arguments of a call, filter or test as they are written. */
  private record Arguments(List<AstNode> places, Map<String, AstNode> names) {

    static final Arguments NONE = new Arguments(List.of(), Map.of());

    CallArguments of(String callee, Bindings bindings, ELContext context) {
      Map<String, @Nullable Object> named = new LinkedHashMap<>();
      names.forEach((name, value) -> named.put(name, value.eval(bindings, context)));
      return new CallArguments(callee, values(places, bindings, context), named);
    }
  }

  static List<@Nullable Object> values(List<AstNode> nodes, Bindings bindings, ELContext context) {
    List<@Nullable Object> values = new ArrayList<>();
    nodes.forEach(node -> values.add(node.eval(bindings, context)));
    return values;
  }

  String image() {
    return String.valueOf(getToken().getImage());
  }

  boolean isWord(String word) {
    return getToken().getSymbol() == Symbol.IDENTIFIER && image().equals(word);
  }

  boolean isSign(String sign) {
    return getToken().getSymbol() != Symbol.IDENTIFIER
        && getToken().getSymbol() != Symbol.STRING
        && image().equals(sign);
  }

  boolean accept(String word) throws ScanException, ParseException {
    boolean isThere = isWord(word);
    if (isThere) {
      consumeToken();
    }
    return isThere;
  }

  boolean acceptSign(String sign) throws ScanException, ParseException {
    boolean isThere = isSign(sign);
    if (isThere) {
      consumeToken();
    }
    return isThere;
  }
}
