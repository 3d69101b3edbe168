package dev.cantilever.chat.jinja;

import dev.cantilever.chat.python.PythonComparison;
import dev.cantilever.chat.python.PythonOperators;
import dev.cantilever.chat.python.PythonText;
import dev.cantilever.chat.python.PythonTuple;
import dev.cantilever.chat.python.PythonValues;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import jinjava.de.odysseus.el.tree.impl.Builder;
import jinjava.de.odysseus.el.tree.impl.Scanner;
import jinjava.de.odysseus.el.tree.impl.Scanner.ScanException;
import jinjava.de.odysseus.el.tree.impl.Scanner.Symbol;
import jinjava.de.odysseus.el.tree.impl.ast.AstEval;
import jinjava.de.odysseus.el.tree.impl.ast.AstNode;
import org.jspecify.annotations.Nullable;

/**
 * Jinjava's parser with the productions of Jinja's grammar (jinja2/parser.py) for operators: what
 * binds closer, chains of comparisons, tuples. Values and calls are {@link JinjaPostfixParser}'s.
 */
final class JinjaParser extends JinjaPostfixParser {

  /** Before an expression whose value is printed; no name of Jinja's has a dollar sign. */
  static final String PRINT = "$printed";

  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
  private static final Set<String> PRODUCTS = Set.of("*", "/", "//", "%");

  JinjaParser(Builder builder, String expression) {
    super(builder, expression);
  }

  @Override
  protected AstEval eval(boolean required, boolean deferred) throws ScanException, ParseException {
    consumeToken(Symbol.START_EVAL_DEFERRED); // as jinjava writes each expression
    boolean isPrinted = accept(PRINT);
    AstNode value = tuple();
    consumeToken(Symbol.END_EVAL);
    return new AstEval(
        isPrinted ? new Computed((b, c) -> PythonText.printed(value.eval(b, c))) : value, false);
  }

  /** One expression, or several with commas between them. */
  @Override
  AstNode tuple() throws ScanException, ParseException {
    AstNode first = expr(true);
    if (!isSign(",")) {
      return first;
    }
    List<AstNode> items = new ArrayList<>(List.of(first));
    while (acceptSign(",") && !isSign(")") && !isSign("}")) {
      items.add(expr(true));
    }
    return new Computed((b, c) -> new PythonTuple(values(items, b, c)));
  }

  @Override
  protected AstNode expr(boolean required) throws ScanException, ParseException {
    AstNode value = or();
    while (accept("if")) {
      noteCondition();
      AstNode yes = value;
      AstNode condition = or();
      AstNode no = accept("else") ? expr(true) : new Computed((b, c) -> null);
      value =
          new Computed((b, c) -> (PythonValues.truth(condition.eval(b, c)) ? yes : no).eval(b, c));
    }
    return value;
  }

  private AstNode or() throws ScanException, ParseException {
    AstNode left = and();
    while (accept("or")) {
      AstNode first = left;
      AstNode second = and();
      left =
          new Computed(
              (b, c) -> {
                Object value = first.eval(b, c);
                return PythonValues.truth(value) ? value : second.eval(b, c);
              });
    }
    return left;
  }

  private AstNode and() throws ScanException, ParseException {
    AstNode left = not();
    while (accept("and")) {
      AstNode first = left;
      AstNode second = not();
      left =
          new Computed(
              (b, c) -> {
                Object value = first.eval(b, c);
                return PythonValues.truth(value) ? second.eval(b, c) : value;
              });
    }
    return left;
  }

  private AstNode not() throws ScanException, ParseException {
    if (accept("not")) {
      AstNode value = not();
      return new Computed((b, c) -> !PythonValues.truth(value.eval(b, c)));
    }
    return comparison();
  }

  /** {@code a < b < c} is {@code a < b and b < c}. */
  private AstNode comparison() throws ScanException, ParseException {
    AstNode first = sum();
    List<String> signs = new ArrayList<>();
    List<AstNode> operands = new ArrayList<>();
    for (String sign = comparisonSign(); !sign.isEmpty(); sign = comparisonSign()) {
      signs.add(sign);
      operands.add(sum());
    }
    if (signs.isEmpty()) {
      return first;
    }
    return new Computed(
        (b, c) -> {
          Object left = first.eval(b, c);
          for (int i = 0; i < signs.size(); i++) {
            Object right = operands.get(i).eval(b, c);
            if (!holds(signs.get(i), left, right)) {
              return false;
            }
            left = right;
          }
          return true;
        });
  }

  /** Consumes the sign of a comparison; empty where none stands. */
  private String comparisonSign() throws ScanException, ParseException {
    if (getToken().getSymbol() != Symbol.STRING && COMPARISONS.contains(image())) {
      return consumeToken().getImage();
    }
    if (accept("in")) {
      return "in";
    }
    if (isWord("not")
        && lookahead(0).getSymbol() == Symbol.IDENTIFIER
        && lookahead(0).getImage().equals("in")) {
      consumeToken();
      consumeToken();
      return "not in";
    }
    return "";
  }

  private static boolean holds(String sign, @Nullable Object left, @Nullable Object right) {
    return switch (sign) {
      case "==" -> PythonComparison.areEqual(left, right);
      case "!=" -> !PythonComparison.areEqual(left, right);
      case "in" -> PythonComparison.contains(right, left);
      case "not in" -> !PythonComparison.contains(right, left);
      case "<" -> PythonComparison.order(left, right) < 0;
      case "<=" -> PythonComparison.order(left, right) <= 0;
      case ">" -> PythonComparison.order(left, right) > 0;
      default -> PythonComparison.order(left, right) >= 0;
    };
  }

  private AstNode sum() throws ScanException, ParseException {
    AstNode left = joined();
    while (isSign("+") || isSign("-")) {
      String sign = consumeToken().getImage();
      left = computed(sign, left, joined());
    }
    return left;
  }

  private AstNode joined() throws ScanException, ParseException {
    AstNode left = product();
    while (acceptSign("~")) {
      AstNode first = left;
      AstNode second = product();
      left = new Computed((b, c) -> PythonOperators.joined(first.eval(b, c), second.eval(b, c)));
    }
    return left;
  }

  private AstNode product() throws ScanException, ParseException {
    AstNode left = power();
    while (getToken().getSymbol() != Symbol.STRING && PRODUCTS.contains(image())) {
      String sign = consumeToken().getImage();
      left = computed(sign, left, power());
    }
    return left;
  }

  private AstNode power() throws ScanException, ParseException {
    AstNode left = unary(true);
    while (acceptSign("**")) {
      left = computed("**", left, unary(true));
    }
    return left;
  }

  private static AstNode computed(String sign, AstNode left, AstNode right) {
    if (sign.equals("+")) {
      return new Computed((b, c) -> PythonOperators.sum(left.eval(b, c), right.eval(b, c)));
    }
    return new Computed(
        (b, c) -> PythonOperators.computed(sign, left.eval(b, c), right.eval(b, c)));
  }

  @Override
  protected AstNode unary(boolean isFiltered) throws ScanException, ParseException {
    AstNode value;
    if (acceptSign("-")) {
      AstNode operand = unary(false);
      value = new Computed((b, c) -> PythonOperators.negated(operand.eval(b, c)));
    } else if (acceptSign("+")) {
      AstNode operand = unary(false);
      value = new Computed((b, c) -> PythonOperators.sum(0L, operand.eval(b, c)));
    } else {
      value = postfix(primary());
    }
    return isFiltered ? filtered(postfix(value)) : value;
  }

  @Override
  protected Scanner createScanner(String expression) {
    return new JinjaScanner(expression);
  }
}
