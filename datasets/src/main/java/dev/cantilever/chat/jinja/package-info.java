/**
 * Jinja as transformers sets it up, laid over jinjava: of jinjava there is the tree of tags, the
 * scopes and the ground of the parser.
 *
 * <p>Enter by {@link dev.cantilever.chat.jinja.JinjaTemplate}. What Jinja has otherwise than
 * jinjava lies here by part:
 *
 * <ul>
 *   <li>before anything is rendered: which white space stays ({@code TemplateSource}), which tags
 *       there are, how they nest and whether each expression parses ({@code ExpressionDialect},
 *       {@code TagNesting}, {@code JinjaExpressions});
 *   <li>the grammar of expressions ({@code JinjaScanner}; {@code JinjaParser} for operators, {@code
 *       JinjaPostfixParser} for values and what stands behind them);
 *   <li>tags ({@code AssignTag}, {@code ConditionTag}, {@code GenerationTag}, {@code LeaveTag},
 *       {@code LoopTag}, {@code MacroTag}), what stands in them ({@code LoopHead}, {@code
 *       MacroHead}, {@code AssignmentTarget}) and in their blocks ({@code TagBody});
 *   <li>names and their scopes ({@code TemplateScope}, {@code LoopState}, {@code Macro}, {@code
 *       TemplateNamespace}, {@code JinjaFunctions});
 *   <li>filters ({@code JinjaFilters}, and by kind {@code ChoiceFilters}, {@code ItemFilters},
 *       {@code NumberFilters}, {@code OrderFilters}, {@code TextFilters}) and tests ({@code
 *       JinjaTests}).
 * </ul>
 *
 * <p>Invariant: jinjava decides nothing that a template's text depends on. Its own tags, filters,
 * functions and resolvers of Java objects are not reached; what is here goes by lists, and what is
 * on none of them is refused.
 *
 * <p>Not here: what operators, methods and printing make of values ({@code chat.python}).
 */
@NullMarked
package dev.cantilever.chat.jinja;

import org.jspecify.annotations.NullMarked;
